// SPDX-License-Identifier: GPL-3.0-or-later
// The networks that are built now, shared by all who use the same weights. Least recently used ones make room
// where memory is short; text encoders and autoencoders go before denoising networks.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "core/tensor/Weights.h"

namespace ochre::models {

enum class NetworkKind { Text, Autoencoder, Control, Unet };

/// Thread-safe. Networks that somebody still holds stay alive after they were dropped here.
class Networks {
public:
    static Networks& shared();

    /// The network of that kind and identity, or what `build` makes of it now. `bytes`: what it will take.
    /// One build at a time; the same network is never built twice at once. Throws what `build` throws.
    template <typename T>
    std::shared_ptr<const T> get(NetworkKind kind, const std::string& identity, std::uint64_t bytes,
                                 const std::function<std::shared_ptr<const T>()>& build) {
        return std::static_pointer_cast<const T>(
            find(kind, identity, bytes, [&build]() -> std::shared_ptr<const void> { return build(); }));
    }

    /// Drops networks until `bytes` are free, the cheapest to miss first. Those in use free nothing.
    void makeRoom(std::uint64_t bytes);
    void clear();
    std::size_t count() const;
    bool has(NetworkKind kind, const std::string& identity) const;
    /// For tests: what is asked for free memory in place of tensor::availableMemory().
    void setMemory(std::function<std::uint64_t()> available);

private:
    struct Entry {
        NetworkKind kind;
        std::string identity;
        std::uint64_t bytes;
        std::shared_ptr<const void> network;
    };
    std::shared_ptr<const void> find(NetworkKind kind, const std::string& identity, std::uint64_t bytes,
                                     const std::function<std::shared_ptr<const void>()>& build);
    void drop(std::uint64_t bytes);
    std::uint64_t available() const;

    mutable std::mutex m_mutex;
    std::mutex m_building;
    std::list<Entry> m_entries; ///< last used first
    std::function<std::uint64_t()> m_memory;
};

/// Bytes that these weights take in the type of their placement.
std::uint64_t weightBytes(const tensor::Weights& weights);

} // namespace ochre::models
