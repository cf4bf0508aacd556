// SPDX-License-Identifier: GPL-3.0-or-later
// Handwritten digits (and what else comes as them) in IDX files, plain or gzipped: LeCun, Cortes, Burges,
// http://yann.lecun.com/exdb/mnist ("the IDX file format").
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/training/data/Dataset.h"

namespace ochre::training {

class Mnist final : public Dataset {
public:
    /// Throws Error (Broken) with the offset or the counts: wrong magic, truncated, left-over bytes, more or
    /// fewer labels than pictures.
    Mnist(const std::filesystem::path& images, const std::filesystem::path& labels);
    Mnist(std::span<const std::byte> images, const std::string& imagesSubject,
          std::span<const std::byte> labels, const std::string& labelsSubject);

    /// "train" or "t10k" of a folder, with or without .gz.
    static Mnist fromFolder(const std::filesystem::path& folder, const std::string& part);

    std::size_t size() const override { return m_labels.size(); }
    int width() const { return m_width; }
    int height() const { return m_height; }
    std::span<const std::uint8_t> picture(std::size_t index) const; ///< grey, 0 is background
    int label(std::size_t index) const { return m_labels[index]; }
    std::string caption(std::size_t index) const; ///< "the handwritten digit seven"

    Example example(std::size_t index, std::uint64_t draw) const override; ///< one channel
    std::vector<std::string> labels() const override;

private:
    int m_width = 0, m_height = 0;
    std::vector<std::uint8_t> m_pixels, m_labels;
};

} // namespace ochre::training
