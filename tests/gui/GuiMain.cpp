// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of the window need an application before the first widget; without a display they run offscreen.
#include <QApplication>
#include <gtest/gtest.h>

#include "ui/theme/Theme.h"

int main(int argc, char** argv) {
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM") && !qEnvironmentVariableIsSet("DISPLAY"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    ::testing::InitGoogleTest(&argc, argv);
    QApplication application(argc, argv);
    ochre::ui::applyTheme(application);
    return RUN_ALL_TESTS();
}
