// SPDX-License-Identifier: GPL-3.0-or-later
// The selected object followed through the video that the viewed frame is of: the prompts of all frames stand in a "Track
// through a video" node, and nowhere else; its masks are shown on the frames that have no selection of their own.
#pragma once

#include <map>
#include <string>

#include <QObject>

#include "core/graph/Graph.h"
#include "core/session/Session.h"
#include "core/video/Clip.h"

namespace ochre::ui {

class Bridge;
class MaskEdits;

class TrackEdits : public QObject {
    Q_OBJECT
public:
    TrackEdits(Bridge& bridge, MaskEdits& masks, QObject* parent = nullptr);

    void follow(graph::NodeId node); ///< whose picture is viewed, or selected in
    bool hasFrames() const { return m_load != 0; } ///< it is made of a frame of one video
    bool onVideo() const { return m_plain; }       ///< it is that frame: objects in it can be tracked
    int frames() const { return m_frames; }           ///< of the video; 0: not known yet
    int frame() const { return m_frame; }             ///< from 0
    /// By the node that loads it and those that show the tracked masks; the selection becomes that of the frame.
    void showFrame(int frame);

    enum class Way { Both, Forward, Backward };
    bool canTrack() const; ///< a frame has a prompt
    void track(Way way);
    void stop();
    bool busy() const { return m_job != 0; }
    graph::NodeId node() const { return m_track; } ///< that tracks; 0: none yet
    ClipPtr masks() const { return m_masks; }      ///< so far; null: none
    /// Of the shown frame, for nodes that take it; node 0: nothing was tracked.
    graph::Link maskHere() const;
    QString note() const; ///< how far it is, or what the shown frame's mask is; empty: nothing to say

    static constexpr const char *kLoadType = "image.load", *kViewType = "image.view", *kFrameType = "video.frame", *kTrackType = "understand.track";

Q_SIGNALS:
    void changed(); ///< the frame, what is tracked, or how far it is

private:
    std::map<int, std::string> prompts() const; ///< lines of the node, by frame
    std::string promptHere() const;             ///< of the selection, as the node has it; empty: none
    graph::NodeId findLoad() const;
    graph::NodeId findTrack() const;
    void refresh();
    void count();
    void take();
    void onJob(const session::Job& job);
    void runFrame();

    Bridge& m_bridge;
    MaskEdits& m_edits;
    graph::NodeId m_node = 0, m_load = 0, m_track = 0; ///< followed; that loads its video; that tracks
    bool m_plain = false;
    std::string m_video; ///< the file, as the node names it
    int m_frame = 0, m_frames = 0;
    session::JobId m_job = 0, m_shown = 0; ///< that tracks; that shows a frame
    bool m_again = false;
    ClipPtr m_masks;
    QString m_error;
};

} // namespace ochre::ui
