// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the window's tests inside one QApplication with the theme on.
#include <cstdlib>

#include <QApplication>

#include <gtest/gtest.h>

#include "ui/theme/Theme.h"

int main(int argc, char** argv) {
    ::setenv("OCHRE_RENDERER", "vulkan", 0); // the views as they are where a graphics card is
    ::testing::InitGoogleTest(&argc, argv);
    QApplication::setHighDpiScaleFactorRoundingPolicy(Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    QApplication application(argc, argv);
    QApplication::setEffectEnabled(Qt::UI_AnimateMenu, false);
    ochre::ui::applyTheme(application);
    return RUN_ALL_TESTS();
}
