// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/Words.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <QCoreApplication>

namespace ochre::ui::words {
namespace {
QString tr(const char* text) {
    return QCoreApplication::translate("words", text);
}
} // namespace

QString duration(double seconds) {
    if (seconds < 9.95) return tr("%1 s").arg(seconds, 0, 'f', 1);
    const auto whole = static_cast<qint64>(std::llround(seconds));
    if (whole < 60) return tr("%1 s").arg(whole);
    if (whole < 3600) return tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
    return tr("%1 h %2 min").arg(whole / 3600).arg(whole % 3600 / 60);
}

QString timeLeft(double seconds) {
    if (seconds < 0) return {};
    if (seconds < 1) return tr("less than 1 s left");
    return tr("about %1 left")
        .arg(
            duration(std::max(1.0, std::round(seconds))).replace(QStringLiteral(".0 "), QStringLiteral(" ")));
}

QString bytes(std::uint64_t count) {
    static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    double value = static_cast<double>(count);
    int unit = 0;
    while (value >= 999.5 && unit < 4) {
        value /= 1000;
        ++unit;
    }
    return QStringLiteral("%1 %2")
        .arg(value, 0, 'f', unit > 0 && value < 99.95 ? 1 : 0)
        .arg(QLatin1String(kUnits[unit]));
}

QString state(const graph::NodeState& s) {
    using graph::NodeStatus;
    switch (s.status) {
    case NodeStatus::Idle:
        return {};
    case NodeStatus::Queued:
        return tr("Queued");
    case NodeStatus::Running: {
        QString text = tr("Running, %1 %").arg(static_cast<int>(s.share * 100));
        if (!s.step.empty()) text += QStringLiteral(" · ") + QString::fromStdString(s.step);
        return text;
    }
    case NodeStatus::Done:
        return tr("Done in %1, %2").arg(duration(s.seconds), bytes(s.bytes));
    case NodeStatus::Cached:
        return tr("From the cache, %1").arg(bytes(s.bytes));
    case NodeStatus::Bypassed:
        return tr("Bypassed");
    case NodeStatus::Failed:
        return tr("Failed");
    case NodeStatus::Blocked:
        return tr("Waits for a node that failed");
    case NodeStatus::Cancelled:
        return tr("Stopped");
    }
    return {};
}

QString status(session::JobStatus s) {
    switch (s) {
    case session::JobStatus::Waiting:
        return tr("Waiting");
    case session::JobStatus::Running:
        return tr("Running");
    case session::JobStatus::Paused:
        return tr("Paused");
    case session::JobStatus::Done:
        return tr("Done");
    case session::JobStatus::Failed:
        return tr("Failed");
    case session::JobStatus::Cancelled:
        return tr("Stopped");
    }
    return {};
}

namespace {
struct KindWords {
    const char *kind, *one, *many;
};
constexpr KindWords kKinds[] = {{"checkpoints", "checkpoint", "checkpoints"},
                                {"diffusion_models", "diffusion model", "diffusion models"},
                                {"text_encoders", "text encoder", "text encoders"},
                                {"vae", "autoencoder", "autoencoders"},
                                {"loras", "LoRA", "LoRAs"},
                                {"controlnet", "ControlNet", "ControlNets"},
                                {"clip_vision", "picture encoder", "picture encoders"},
                                {"embeddings", "embedding", "embeddings"},
                                {"upscale", "upscaler", "upscalers"},
                                {"", "model of no known kind", "models of no known kind"}};
} // namespace

QString models(const std::string& kind, int count) {
    const auto known = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](const KindWords& words) { return kind == words.kind; });
    if (known == std::end(kKinds)) return QString::fromStdString(kind);
    return tr(count == 1 ? known->one : known->many);
}

} // namespace ochre::ui::words
