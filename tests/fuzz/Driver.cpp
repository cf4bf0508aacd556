// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for libFuzzer where there is no clang: replays a corpus, then feeds seeded mutations of it.
//     fuzz_NAME [--runs N] [--seed N] [--max-length BYTES] FOLDER|FILE…
// The input under way is kept in crash-NAME in the working folder until it has passed, so a crash leaves it behind.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;

const Input* g_current = nullptr;
std::string g_crashPath;

// Async-signal-safe: only open and write.
void saveCurrent(int signal) {
    if (g_current) {
        const int fd = ::open(g_crashPath.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd >= 0 && ::write(fd, g_current->data(), g_current->size()) >= 0) ::close(fd);
    }
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

Input readInput(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return Input(std::istreambuf_iterator<char>(file), {});
}

std::vector<Input> readCorpus(const std::vector<fs::path>& paths) {
    std::vector<fs::path> files;
    for (const fs::path& path : paths) {
        if (fs::is_directory(path)) {
            for (const auto& entry : fs::directory_iterator(path))
                if (entry.is_regular_file()) files.push_back(entry.path());
        } else {
            files.push_back(path);
        }
    }
    std::sort(files.begin(), files.end());
    std::vector<Input> corpus;
    for (const fs::path& file : files) corpus.push_back(readInput(file));
    return corpus;
}

class Mutator {
public:
    Mutator(const std::vector<Input>& corpus, std::uint64_t seed, std::size_t maxLength)
        : m_corpus(corpus), m_random(seed), m_maxLength(maxLength) {}

    Input next() {
        Input input = m_corpus.empty() ? Input{} : m_corpus[below(m_corpus.size())];
        const std::size_t steps = 1 + below(6);
        for (std::size_t i = 0; i < steps; ++i) mutate(input);
        if (input.size() > m_maxLength) input.resize(m_maxLength);
        return input;
    }

private:
    std::size_t below(std::size_t n) { return n == 0 ? 0 : m_random() % n; }

    void overwrite(Input& input, std::size_t width) {
        static constexpr std::uint64_t kEdges[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000,
                                                   0xffffffff, 0x7fffffffffffffff, 0xffffffffffffffff};
        if (input.size() < width) return;
        const std::uint64_t value = below(2) ? kEdges[below(std::size(kEdges))] : m_random() >> below(64);
        std::memcpy(input.data() + below(input.size() - width + 1), &value, width);
    }

    void mutate(Input& input) {
        const std::size_t at = below(input.size() + 1);
        const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t rest = input.size() - at;
        switch (below(9)) {
        case 0:
            if (rest) input[at] ^= static_cast<std::uint8_t>(1u << below(8));
            break;
        case 1:
            if (rest) input[at] = static_cast<std::uint8_t>(m_random());
            break;
        case 2: overwrite(input, std::size_t{1} << below(4)); break;
        case 3: input.insert(here, 1 + below(16), static_cast<std::uint8_t>(m_random())); break;
        case 4: input.erase(here, here + static_cast<std::ptrdiff_t>(std::min(rest, 1 + below(32)))); break;
        case 5: input.resize(at); break;
        case 6: {
            const Input piece(here, here + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(rest, 256) + 1)));
            input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)), piece.begin(), piece.end());
            break;
        }
        case 7:
            if (!m_corpus.empty()) {
                const Input& other = m_corpus[below(m_corpus.size())];
                input.resize(at);
                input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(std::min(at, other.size())),
                             other.end());
            }
            break;
        case 8: // a digit of a text number
            for (std::size_t i = at; i < input.size() && i < at + 64; ++i)
                if (input[i] >= '0' && input[i] <= '9') {
                    input[i] = static_cast<std::uint8_t>('0' + below(10));
                    break;
                }
            break;
        }
    }

    const std::vector<Input>& m_corpus;
    std::mt19937_64 m_random;
    std::size_t m_maxLength;
};

void runOne(const Input& input) {
    // A heap copy of the exact size, so that AddressSanitizer sees a read past the end.
    const Input exact(input);
    g_current = &exact;
    const auto start = std::chrono::steady_clock::now();
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
    if (std::chrono::steady_clock::now() - start > std::chrono::seconds(20)) {
        std::fprintf(stderr, "one input took more than 20 s\n");
        std::abort();
    }
    g_current = nullptr;
}

} // namespace

int main(int argc, char** argv) {
    std::uint64_t runs = 0, seed = 1;
    std::size_t maxLength = 1 << 16;
    std::vector<fs::path> paths;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const auto value = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
        if (argument == "--runs") runs = value();
        else if (argument == "--seed") seed = value();
        else if (argument == "--max-length") maxLength = value();
        else paths.emplace_back(argument);
    }
    g_crashPath = "crash-" + fs::path(argv[0]).filename().string();
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::signal(signal, saveCurrent);

    const std::vector<Input> corpus = readCorpus(paths);
    if (corpus.empty()) {
        std::fprintf(stderr, "no corpus found\n");
        return 2;
    }
    for (const Input& input : corpus) runOne(input);
    Mutator mutator(corpus, seed, maxLength);
    for (std::uint64_t i = 0; i < runs; ++i) runOne(mutator.next());
    std::printf("%zu corpus files, %llu mutations, seed %llu: no finding\n", corpus.size(),
                static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
}
