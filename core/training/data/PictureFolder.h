// SPDX-License-Identifier: GPL-3.0-or-later
// An artist's own pictures, each with its caption in a .txt file of the same name beside it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/training/data/Dataset.h"

namespace ochre::training {

/// The files in a folder and those below it whose names are those of pictures, in the order of their paths. Throws Error where it
/// cannot be listed.
std::vector<std::filesystem::path> picturesBelow(const std::filesystem::path& folder, const Cancel& cancel = {});

struct PictureFolderOptions {
    int width = 512, height = 512; ///< pictures are cut about their middle to this shape and resized
    std::string caption;           ///< for pictures without .txt
    bool flip = false;             ///< mirror half of the draws
    std::size_t memory =
        std::size_t{256}
        << 20; ///< pictures are kept where all fit into so many bytes, else read again each time
};

class PictureFolder final : public Dataset {
public:
    struct Skipped {
        std::filesystem::path path;
        std::string reason;
    };

    /// Reads every picture of the folder and those below it once (links to folders are not followed), in the
    /// order of their paths. What cannot be read is skipped and listed. Throws Error where nothing is left.
    PictureFolder(const std::filesystem::path& folder, const PictureFolderOptions& options,
                  const Cancel& cancel = {}, const Progress& progress = {});

    std::size_t size() const override { return m_entries.size(); }
    const std::vector<Skipped>& skipped() const { return m_skipped; }
    std::size_t withoutCaption() const { return m_withoutCaption; } ///< that took the option's
    const std::filesystem::path& path(std::size_t index) const { return m_entries[index].path; }
    const std::string& caption(std::size_t index) const { return m_entries[index].caption; }
    std::vector<std::uint8_t> picture(std::size_t index) const; ///< RGB, alpha laid over white. Throws Error.

    Example example(std::size_t index, std::uint64_t draw) const override;

private:
    struct Entry {
        std::filesystem::path path;
        std::string caption, problem;
        bool captioned = false;
        std::vector<std::uint8_t> pixels;
    };
    void read(Entry& entry, bool keep, const Cancel& cancel) const;

    PictureFolderOptions m_options;
    std::vector<Entry> m_entries;
    std::vector<Skipped> m_skipped;
    std::size_t m_withoutCaption = 0;
};

} // namespace ochre::training
