// SPDX-License-Identifier: GPL-3.0-or-later
// A map from small integers to immutable values whose copies share structure: a trie of 32-way branches. An
// edit copies one path (log₃₂ n branches), and difference() skips every branch that two maps share.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace ochre::graph {

template <typename T>
class SharedMap {
public:
    using Item = std::shared_ptr<const T>;

    /// Many edits in a row: branches made under one batch are edited in place, since no copy of the map can
    /// hold them yet. The map must not be copied while a batch that will be used again is under way.
    class Batch {
    public:
        Batch() {
            static std::atomic<std::uint64_t> next{1};
            m_id = next++;
        }

    private:
        friend class SharedMap;
        std::uint64_t m_id;
    };

    const T* find(std::uint32_t key) const {
        const auto* place = locate(key);
        return place ? static_cast<const T*>(place->get()) : nullptr;
    }
    Item share(std::uint32_t key) const { ///< null when absent
        const auto* slot = locate(key);
        return slot ? std::static_pointer_cast<const T>(*slot) : nullptr;
    }

    void set(std::uint32_t key, T value) { put(key, std::make_shared<const T>(std::move(value)), 0); }
    void set(std::uint32_t key, T value, const Batch& batch) {
        put(key, std::make_shared<const T>(std::move(value)), batch.m_id);
    }
    void erase(std::uint32_t key, const Batch* batch = nullptr) {
        if (find(key)) put(key, Item{}, batch ? batch->m_id : 0);
    }
    std::size_t size() const { return m_size; }

    /// visit(key, const T&), in order of keys.
    template <typename Visit>
    void forEach(const Visit& visit) const {
        walk(m_root.get(), m_depth - 1, 0, visit);
    }

    /// visit(key) for each key whose item is not the very same in both maps.
    template <typename Visit>
    static void difference(const SharedMap& a, const SharedMap& b, const Visit& visit) {
        SharedMap x = a, y = b;
        while (x.m_depth < y.m_depth) x.grow();
        while (y.m_depth < x.m_depth) y.grow();
        compare(x.m_root.get(), y.m_root.get(), x.m_depth - 1, 0, visit);
    }

    bool sameAs(const SharedMap& other) const { return m_root == other.m_root; }

private:
    static constexpr int kBits = 5;
    static constexpr std::uint32_t kWidth = 1u << kBits;

    struct Branch {
        std::array<std::shared_ptr<const void>, kWidth> slots; ///< Branch in inner levels, T in the lowest
        std::uint64_t batch = 0;                               ///< who may edit it in place; 0: nobody
    };
    using BranchPtr = std::shared_ptr<const Branch>;
    static std::uint32_t slot(std::uint32_t key, int level) { return key >> (level * kBits) & (kWidth - 1); }
    static const Branch* child(const Branch* branch, std::uint32_t s) {
        return static_cast<const Branch*>(branch->slots[s].get());
    }
    std::uint64_t capacity() const { return std::uint64_t{1} << (m_depth * kBits); }

    const std::shared_ptr<const void>* locate(std::uint32_t key) const {
        if (key >= capacity()) return nullptr;
        const Branch* branch = m_root.get();
        for (int level = m_depth - 1; level > 0 && branch; --level) branch = child(branch, slot(key, level));
        return branch ? &branch->slots[slot(key, 0)] : nullptr;
    }

    void grow() {
        if (m_root) {
            auto top = std::make_shared<Branch>();
            top->slots[0] = m_root;
            m_root = std::move(top);
        }
        ++m_depth;
    }

    void put(std::uint32_t key, Item item, std::uint64_t batch) {
        while (key >= capacity()) grow();
        const bool had = find(key) != nullptr;
        m_size += (item ? 1 : 0) - (had ? 1 : 0);
        auto root = editable(m_root, batch);
        Branch* branch = root.get();
        m_root = std::move(root);
        for (int level = m_depth - 1; level > 0; --level) {
            auto& place = branch->slots[slot(key, level)];
            auto next = editable(std::static_pointer_cast<const Branch>(place), batch);
            branch = next.get();
            place = std::move(next);
        }
        branch->slots[slot(key, 0)] = std::move(item);
    }

    static std::shared_ptr<Branch> editable(const BranchPtr& branch, std::uint64_t batch) {
        if (branch && batch != 0 && branch->batch == batch) return std::const_pointer_cast<Branch>(branch);
        auto copy = branch ? std::make_shared<Branch>(*branch) : std::make_shared<Branch>();
        copy->batch = batch;
        return copy;
    }

    template <typename Visit>
    static void walk(const Branch* branch, int level, std::uint32_t base, const Visit& visit) {
        if (!branch) return;
        for (std::uint32_t s = 0; s < kWidth; ++s) {
            const std::uint32_t key = base | s << (level * kBits);
            if (level > 0)
                walk(child(branch, s), level - 1, key, visit);
            else if (branch->slots[s])
                visit(key, *static_cast<const T*>(branch->slots[s].get()));
        }
    }

    template <typename Visit>
    static void compare(const Branch* a, const Branch* b, int level, std::uint32_t base, const Visit& visit) {
        if (a == b) return;
        for (std::uint32_t s = 0; s < kWidth; ++s) {
            const std::uint32_t key = base | s << (level * kBits);
            if (level > 0)
                compare(a ? child(a, s) : nullptr, b ? child(b, s) : nullptr, level - 1, key, visit);
            else if ((a ? a->slots[s].get() : nullptr) != (b ? b->slots[s].get() : nullptr))
                visit(key);
        }
    }

    BranchPtr m_root;
    int m_depth = 1;
    std::size_t m_size = 0;
};
} // namespace ochre::graph
