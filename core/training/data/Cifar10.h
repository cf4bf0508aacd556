// SPDX-License-Identifier: GPL-3.0-or-later
// Small photographs of ten kinds of things in CIFAR-10's binary batches: Krizhevsky 2009,
// https://www.cs.toronto.edu/~kriz/cifar.html ("binary version").
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/training/data/Dataset.h"

namespace ochre::training {

class Cifar10 final : public Dataset {
public:
    static constexpr int kSide = 32;

    /// Batches of records: a label, then 1024 red, 1024 green and 1024 blue bytes. Throws Error (Broken): a
    /// file that ends within a record, an unknown label; both with the record.
    explicit Cifar10(const std::vector<std::filesystem::path>& batches);
    Cifar10(std::span<const std::byte> batch, const std::string& subject);

    /// data_batch_1.bin … data_batch_5.bin of a folder, or its test_batch.bin.
    static Cifar10 fromFolder(const std::filesystem::path& folder, bool test);

    std::size_t size() const override { return m_labels.size(); }
    std::vector<std::uint8_t> picture(std::size_t index) const; ///< RGB, interleaved
    int label(std::size_t index) const { return m_labels[index]; }
    std::string caption(std::size_t index) const; ///< "a photo of an airplane"

    Example example(std::size_t index, std::uint64_t draw) const override;
    std::vector<std::string> labels() const override;

private:
    void add(std::span<const std::byte> batch, const std::string& subject);

    std::vector<std::uint8_t> m_planes, m_labels; ///< planes as in the file
};

} // namespace ochre::training
