// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/RunWindow.h"

#include <QApplication>
#include <QTimer>

#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "ui/MainWindow.h"
#include "ui/TopBar.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

int runWindow(int argc, char** argv, const std::optional<std::filesystem::path>& file) {
    QApplication::setHighDpiScaleFactorRoundingPolicy(Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    QApplication application(argc, argv);
    application.setApplicationName(QStringLiteral("Ochre"));
    application.setApplicationVersion(QStringLiteral(OCHRE_VERSION));
    application.setDesktopFileName(QStringLiteral("org.ochre.Ochre"));
    applyTheme(application);

    session::Options options;
    options.autosave = true;
    options.cache.folder = paths::cache() / "results";
    session::Session session(options);
    MainWindow window(session);
    window.show();
    window.start(file);
    // LibTorch takes seconds to load: after the first paint, on a thread of its own.
    QTimer::singleShot(0, &window, [&window] { window.loadRuntime(); });
    return application.exec();
}

} // namespace ochre::ui
