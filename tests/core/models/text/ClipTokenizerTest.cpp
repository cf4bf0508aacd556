// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/ClipTokenizer.h"

#include <chrono>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/Paths.h"
#include "core/models/Parity.h"
#include "core/models/text/TextMending.h"
#include "core/models/text/Unicode.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Ids = std::vector<int>;

const ClipTokenizer& tokenizer() {
    return ClipTokenizer::shared();
}

TEST(ClipTokenizer, TheReferencesIdsComeOut) {
    const auto results = runParity(test::sourceFile("tests/parity/tokenizers/clip_bpe.json"));
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].verdict, ParityResult::Verdict::Pass) << results[0].line();
}

TEST(ClipTokenizer, AWrongIdFails) {
    const test::TemporaryFolder folder;
    std::filesystem::create_directory(folder / "tokenizers");
    writeFileAtomic(
        folder / "tokenizers/x.json",
        R"({"tokenizer":"clip_bpe","cases":[{"text":"x","ids":[344]},{"text":"x","ids":[343]}]})");
    const ParityResult result = runParity(folder / "tokenizers/x.json").at(0);
    EXPECT_EQ(result.verdict, ParityResult::Verdict::Fail);
    EXPECT_EQ(result.difference, 1);
}

TEST(ClipTokenizer, OtherTokenizersAreSkippedByName) {
    const test::TemporaryFolder folder;
    std::filesystem::create_directory(folder / "tokenizers");
    writeFileAtomic(folder / "tokenizers/x.json", R"({"tokenizer":"abacus","cases":[]})");
    const ParityResult result = runParity(folder / "tokenizers/x.json").at(0);
    EXPECT_EQ(result.verdict, ParityResult::Verdict::Skip);
    EXPECT_NE(result.detail.find("abacus"), std::string::npos);
}

TEST(ClipTokenizer, HasAllMergesOfTheVocabulary) {
    Ids all(ClipTokenizer::kVocabulary);
    std::iota(all.begin(), all.end(), 0);
    std::size_t words = 0;
    for (const int id : all) {
        const std::string text = tokenizer().decode({&id, 1});
        EXPECT_FALSE(text.empty()) << id;
        words += text.ends_with(' ');
    }
    EXPECT_GT(words, 30'000u);
    EXPECT_EQ(tokenizer().encode("jekyll"), Ids{ClipTokenizer::kStart - 1}); // the last of the 48,894 merges
}

TEST(ClipTokenizer, ReadsQuickly) {
    const auto before = std::chrono::steady_clock::now();
    const ClipTokenizer fresh(paths::resources() / "models/clip/bpe_simple_vocab_16e6.txt.gz");
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - before;
    RecordProperty("milliseconds", static_cast<int>(time.count()));
    EXPECT_LT(time.count(), 1000); // some 20 in a release build of a machine that does nothing else
    EXPECT_EQ(fresh.encode("x"), Ids{343});
}

TEST(ClipTokenizer, DamagedVocabulariesAreErrors) {
    const test::TemporaryFolder folder;
    test::expectError([&] { ClipTokenizer(folder / "none.gz"); }, "none.gz");
    writeFileAtomic(folder / "plain.gz", "no gzip at all");
    test::expectError([&] { ClipTokenizer(folder / "plain.gz"); }, "plain.gz");
    const std::string whole =
        readTextFile(paths::resources() / "models/clip/bpe_simple_vocab_16e6.txt.gz", 4 << 20);
    writeFileAtomic(folder / "short.gz", whole.substr(0, 100'000));
    test::expectError([&] { ClipTokenizer(folder / "short.gz"); }, "short.gz");
}

TEST(ClipTokenizer, WordsOfAnyLengthTakeNoQuadraticTime) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_GT(tokenizer().encode(std::string(100'000, 'a')).size(), 1000u);
    std::mt19937 random(1);
    std::string noise;
    for (int i = 0; i < 100'000; ++i) noise += static_cast<char>('a' + random() % 26);
    EXPECT_GT(tokenizer().encode(noise).size(), 10'000u);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST(ClipTokenizer, AnyBytesEncodeAndDecode) {
    std::mt19937 random(2);
    for (int round = 0; round < 300; ++round) {
        std::string bytes(random() % 60, ' ');
        for (char& c : bytes) c = static_cast<char>(random());
        for (const int id : tokenizer().encode(bytes)) {
            ASSERT_GE(id, 0);
            ASSERT_LT(id, ClipTokenizer::kVocabulary);
        }
    }
    EXPECT_EQ(tokenizer().decode(tokenizer().encode("\xff")), "\xef\xbf\xbd ");
}

TEST(ClipTokenizer, FramesAndChunks) {
    const Ids ids(160, 343);
    const auto chunks = ClipTokenizer::chunks(ids, ClipTokenizer::kPadOpenClip);
    ASSERT_EQ(chunks.size(), 3u);
    for (const Ids& chunk : chunks) {
        EXPECT_EQ(chunk.size(), 77u);
        EXPECT_EQ(chunk.front(), ClipTokenizer::kStart);
    }
    EXPECT_EQ(chunks[0][76], ClipTokenizer::kEnd);
    EXPECT_EQ(chunks[2][11], ClipTokenizer::kEnd); // 10 left over
    EXPECT_EQ(chunks[2][12], 0);
    EXPECT_EQ(ClipTokenizer::framed(Ids{343}).back(), ClipTokenizer::kEnd);
    EXPECT_EQ(ClipTokenizer::chunks({}).size(), 1u);
}

TEST(ClipTokenizer, MendedTextIsThatOfPlainText) {
    const std::pair<const char*, const char*> same[] = {
        {"\u201cquoted\u201d it\u2019s", "\"quoted\" it's"},
        {"\uff21\uff22\uff23\u3000\uff11\uff12", "ABC 12"},
        {"\ufb01ne \ufb03", "fine ffi"},
        {"caf\u00c3\u00a9", "caf\u00e9"},
        {"cafe\u0301", "caf\u00e9"},
        {"\x1b[31mred\x1b[0m", "red"},
        {"\ufeff"
         "bom",
         "bom"},
        {"&hearts; &amp;amp; &#233; &#x1F600;", "\u2665 & \u00e9 \U0001F600"},
    };
    for (const auto& [text, plain] : same)
        EXPECT_EQ(tokenizer().encode(text), tokenizer().encode(plain)) << text;
    EXPECT_NE(tokenizer().encodeUnmended("\ufb01ne"), tokenizer().encode("fine"));
    EXPECT_EQ(tokenizer().encodeUnmended("It's &amp; FINE"), tokenizer().encode("it's & fine"));
}

TEST(Html, ReferencesReadAsInBrowsers) {
    const std::pair<std::u32string, std::u32string> cases[] = {
        {U"&amp;", U"&"},
        {U"&ampx", U"&x"},
        {U"&notit;", U"\u00acit;"},
        {U"&nothing", U"\u00aching"},
        {U"&zzz;", U"&zzz;"},
        {U"&", U"&"},
        {U"&#", U"&#"},
        {U"&#x;", U"&#x;"},
        {U"&#128;", U"\u20ac"},
        {U"&#0;", U"\ufffd"},
        {U"&#xD800;", U"\ufffd"},
        {U"&#99999999999;", U"\ufffd"},
        {U"&#65", U"A"},
        {U"&#1;", U""},
        {U"&NotEqualTilde;", U"\u2242\u0338"},
        {U"&eacute &Eacute", U"\u00e9 \u00c9"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(unicode::encode(unescapeHtml(text)), unicode::encode(expected)) << unicode::encode(text);
}

TEST(Unicode, BrokenSequencesBecomeOneReplacementEach) {
    EXPECT_EQ(unicode::decode("a\xe2\x82z"), U"a\ufffdz");
    EXPECT_EQ(unicode::decode("\xed\xa0\x80"), U"\ufffd\ufffd\ufffd"); // a surrogate
    EXPECT_EQ(unicode::decode("\xc0\xaf"), U"\ufffd\ufffd");           // overlong
    EXPECT_EQ(unicode::decode("\xf4\x90\x80\x80"), U"\ufffd\ufffd\ufffd\ufffd");
    EXPECT_EQ(unicode::encode(U"\U0001F600\u00e9"), "\xf0\x9f\x98\x80\xc3\xa9");
    EXPECT_EQ(unicode::encode(std::u32string{char32_t{0xd800}}), "\xef\xbf\xbd");
    EXPECT_EQ(unicode::encode(unicode::lower(U"\u039f\u03a3 \u0130")),
              "\u03bf\u03c2 i\u0307"); // final sigma, dotted I
}

} // namespace
} // namespace ochre::models
