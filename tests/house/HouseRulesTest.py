# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker itself: each rule passes a clean tree and names the file that breaks it."""
import tempfile
import unittest
from pathlib import Path

import HouseRules

SPDX = "// SPDX-License-Identifier: GPL-3.0-or-later\n"


class HouseRulesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("core/base/Error.cpp", SPDX + '#include "core/base/Error.h"\n')
        self.write("core/base/CMakeLists.txt", "ochre_library(base SOURCES\n  Error.cpp)\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def breaches(self, rule):
        return list(HouseRules.RULES[rule](self.root))

    def testACleanTreePassesEveryRule(self):
        for rule in HouseRules.RULES:
            self.assertEqual(self.breaches(rule), [], rule)

    def testAnUpwardIncludeIsNamed(self):
        self.write("core/image/Image.cpp", SPDX + '#include "core/nodes/Types.h"\n')
        self.write("core/scene/Ply.cpp", SPDX + '#include "ui/canvas/Canvas.h"\n')
        self.assertEqual(len(self.breaches("includes")), 2)
        self.assertIn("core/image/Image.cpp: includes core/nodes/Types.h", self.breaches("includes")[0])

    def testADownwardIncludeIsFine(self):
        self.write("core/models/Rrdb.cpp", SPDX + '#include "core/tensor/Nn.h"\n#include <vector>\n')
        self.assertEqual(self.breaches("includes"), [])

    def testTheWindowDoesNotSeeTensors(self):
        self.write("ui/panels/Panel.cpp", SPDX + '#include "core/tensor/Nn.h"\n')
        self.assertEqual(len(self.breaches("includes")), 1)

    def testAHeavyHeaderOutsideItsPlaceIsNamed(self):
        for name in ("OpenImageIO/imageio.h", "vulkan/vulkan.h", "QWidget", "ATen/ops/add.h", "QtWidgets/QWidget",
                     "ft2build.h", "hb.h", "hb-ot.h", "pugixml.hpp"):
            self.write("core/scene/Ply.cpp", SPDX + f"#include <{name}>\n")
            self.assertTrue(self.breaches("includes"), name)
        self.write("core/scene/Ply.cpp", SPDX + "// vulkan/vulkan.h is not included\n")
        self.write("core/image/ImageIo.cpp", SPDX + "#include <OpenImageIO/imageio.h>\n")
        self.assertEqual(self.breaches("includes"), [])

    def testAFolderOutsideTheTableIsNamed(self):
        self.write("core/extras/New.cpp", SPDX + '#include "core/base/Error.h"\n')
        self.assertIn("no line in the table", self.breaches("includes")[0])

    def testAnUnlistedSourceIsNamed(self):
        self.write("core/base/Lost.cpp", SPDX)
        self.write("core/base/LostError.cpp", SPDX)
        self.assertEqual(len(self.breaches("listed")), 2)

    def testASourceListedAboveItsFolderIsFine(self):
        self.write("core/nodes/image/Blur.cpp", SPDX)
        self.write("core/nodes/CMakeLists.txt", "set(nodes image/Blur.cpp)")
        self.assertEqual(self.breaches("listed"), [])

    def testALongFileIsNamed(self):
        self.write("core/base/Error.h", SPDX + "\n" * 300)
        self.assertIn("core/base/Error.h: 301 lines", self.breaches("sizes")[0])

    def testAMissingLicenceLineIsNamed(self):
        self.write("core/base/Error.h", "#pragma once\n")
        self.assertEqual(len(self.breaches("licence")), 1)

    def testTooMuchParityDataIsNamed(self):
        self.write("tests/parity/big.bin", "x" * (21 * 2**20))
        self.assertEqual(len(self.breaches("parity")), 1)


if __name__ == "__main__":
    unittest.main()
