// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures with objects whose masks are known: cut-outs, emoji and pieces of other pictures laid on a picture.
#pragma once

#include <memory>
#include <optional>

#include "core/training/data/Dataset.h"
#include "core/training/data/EmojiSet.h"
#include "core/training/data/PictureSet.h"

namespace ochre::training {

struct CutoutSceneOptions {
    int side = 256;
    std::uint64_t seed = 0xc0705;
    bool cutoutsAlone = false; ///< else one object in two is an emoji or a piece of another picture
    bool vary = false;         ///< colours and shapes that the folders do not hold, so that more than their few pictures is learnt
    int most = 3;              ///< objects of a scene; at least one
    double smallest = 0.2, largest = 0.75; ///< of the longer side of an object, of the scene's
};

class CutoutScenes final : public Dataset {
public:
    using Folders = std::vector<std::filesystem::path>;

    /// `pictures` to lay objects on, `cutouts` with alpha, of each folder as many. Throws Error where a folder holds none.
    CutoutScenes(const Folders& pictures, const Folders& cutouts, const CutoutSceneOptions& options = {}, const Cancel& cancel = {});

    std::size_t size() const override { return m_pictures.size(); } ///< what lies below follows from the index
    /// Four channels: RGB, and the number of the object that is seen there, 0 for none.
    Example example(std::size_t index, std::uint64_t draw) const override;

private:
    Image object(Draw& draw) const;                   ///< RGBA in its own size
    Image pieceOfPicture(int side, Draw& draw) const; ///< in a round shape of its own

    PictureSet m_pictures;
    std::vector<PictureSet> m_cutouts;
    CutoutSceneOptions m_options;
    std::unique_ptr<EmojiSet> m_emoji;
};

/// A click as one makes it: deepest inside an object of such an example.
struct Click {
    int x = 0, y = 0;
    std::uint8_t object = 0;
};
Click clickOn(const Example& scene, std::uint8_t object);
/// On the largest object; nothing where none has `least` pixels.
std::optional<Click> clickOnLargest(const Example& scene, std::size_t least);

} // namespace ochre::training
