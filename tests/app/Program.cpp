// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/Program.h"

#include <cstdlib>

#include <sys/wait.h>

#include "core/base/File.h"
#include "tests/support/Support.h"

namespace ochre::test {

std::string quoted(const std::string& text) {
    std::string q = "'";
    for (const char c : text) q += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return q + "'";
}

Outcome ochre(const std::vector<std::string>& arguments) {
    const TemporaryFolder folder;
    std::string command = quoted(std::string(std::getenv("OCHRE_TEST_BUILD")) + "/bin/ochre");
    for (const std::string& a : arguments) command += " " + quoted(a);
    command += " >" + quoted(folder / "out") + " 2>" + quoted(folder / "err") + " </dev/null";
    Outcome o;
    const int status = std::system(command.c_str());
    o.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    o.out = readTextFile(folder / "out", 1 << 26);
    o.err = readTextFile(folder / "err", 1 << 26);
    return o;
}

} // namespace ochre::test
