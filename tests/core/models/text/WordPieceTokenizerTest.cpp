// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/WordPieceTokenizer.h"

#include <chrono>
#include <random>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/models/Parity.h"
#include "core/models/text/Unicode.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Ids = std::vector<int>;

const WordPieceTokenizer& tokenizer() {
    return WordPieceTokenizer::shared();
}

/// "un ##want ##ed"
std::string pieces(const WordPieceTokenizer& from, std::string_view text) {
    std::string result;
    for (const int id : from.encode(text)) result += (result.empty() ? "" : " ") + from.piece(id);
    return result;
}

std::string pieces(std::string_view text) {
    return pieces(tokenizer(), text);
}

TEST(WordPieceTokenizer, TheReferencesIdsComeOut) {
    const auto results = runParity(test::sourceFile("tests/parity/tokenizers/wordpiece_minilm.json"));
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].verdict, ParityResult::Verdict::Pass) << results[0].line();
}

TEST(WordPieceTokenizer, AWrongIdFails) {
    const test::TemporaryFolder folder;
    std::filesystem::create_directory(folder / "tokenizers");
    writeFileAtomic(
        folder / "tokenizers/x.json",
        R"({"tokenizer":"wordpiece","cases":[{"text":"x","ids":[101,1060,102]},{"text":"x","ids":[1060]}]})");
    const ParityResult result = runParity(folder / "tokenizers/x.json").at(0);
    EXPECT_EQ(result.verdict, ParityResult::Verdict::Fail);
    EXPECT_EQ(result.difference, 1);
}

TEST(WordPieceTokenizer, HasTheWholeVocabulary) {
    EXPECT_EQ(tokenizer().size(), 30522);
    EXPECT_EQ(tokenizer().pad(), 0);
    EXPECT_EQ(tokenizer().unknown(), 100);
    EXPECT_EQ(tokenizer().start(), 101);
    EXPECT_EQ(tokenizer().end(), 102);
    int words = 0;
    for (int id = 999; id < tokenizer().size(); ++id) { // below stand special and unused ones
        const std::string& piece = tokenizer().piece(id);
        if (piece == "..." || (piece.starts_with("##") && piece.size() > 2)) continue; // no text gives "..."
        EXPECT_EQ(tokenizer().encode(piece), Ids{id}) << piece;
        ++words;
    }
    EXPECT_GT(words, 20'000);
}

TEST(WordPieceTokenizer, TakesTheLongestPiecesOrNone) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "vocab.txt",
                    "[UNK]\r\n[PAD]\n[CLS]\n[SEP]\nwant\n##want\n##ed\nwa\nun\nrunn\n##ing\n,\n##ant");
    const WordPieceTokenizer small(folder / "vocab.txt");
    EXPECT_EQ(small.size(), 13);
    EXPECT_EQ(small.unknown(), 0);
    EXPECT_EQ(small.start(), 2);
    EXPECT_EQ(pieces(small, "UNwant\u00c9d,running"), "un ##want ##ed , runn ##ing");
    EXPECT_EQ(pieces(small, "want wa"), "want wa");
    EXPECT_EQ(pieces(small, "waant"), "wa ##ant");
    EXPECT_EQ(pieces(small, "wantingx un"), "[UNK] un") << "a word is known as a whole or not at all";
    EXPECT_EQ(pieces(small, "[MASK]"), "[UNK] [UNK] [UNK]") << "this vocabulary has none";
    EXPECT_EQ(pieces(small, "un[SEP]un"), "un [SEP] un");
}

TEST(WordPieceTokenizer, LettersLoseCaseAndAccents) {
    const std::pair<const char*, const char*> same[] = {
        {"Na\u00efve CAF\u00c9", "naive cafe"},
        {"cafe\u0301", "cafe"},
        {"\u0130stanbul", "istanbul"},
        {"\u039f\u03a3", "\u03bf\u03c3"},             // a sigma is one sigma, also at the end
        {"\u1e9e", "\u00df"},                         // capital sharp s
        {"\u212b", "a"},                              // angstrom sign
        {"\u30c7\u30b9\u30af", "\u30c6\u30b9\u30af"}, // the voicing of kana is a mark, too
    };
    for (const auto& [text, plain] : same)
        EXPECT_EQ(tokenizer().encode(text), tokenizer().encode(plain)) << text;
    EXPECT_NE(tokenizer().encode("\ufb01ne"), tokenizer().encode("fine")) << "ligatures stay";
    EXPECT_NE(tokenizer().encode("\u00bd"), tokenizer().encode("1/2"));
}

TEST(WordPieceTokenizer, ChineseCharactersAndPunctuationAreWords) {
    EXPECT_EQ(pieces("\u65e5\u672c\u8a9e"), "\u65e5 \u672c \u8a9e");
    EXPECT_EQ(pieces("a\u4e00b"), "a \u4e00 b");
    EXPECT_EQ(pieces("\u30c6\u30b9\u30c8"), "\u30c6 ##\u30b9 ##\u30c8") << "kana are letters";
    EXPECT_EQ(pieces("x,y"), "x , y");
    EXPECT_EQ(pieces("1$2+3~4"), "1 $ 2 + 3 ~ 4");
    EXPECT_EQ(pieces("a\u2014b\u3002c"), "a \u2014 b \u3002 c");
}

TEST(WordPieceTokenizer, ControlsVanishAndAllSpacesPart) {
    EXPECT_EQ(tokenizer().encode("\ufeff"
                                 "ca\u200dt\u00ad\x01s"),
              tokenizer().encode("cats"));
    EXPECT_EQ(tokenizer().encode("a\xffst\ufffdronaut"), tokenizer().encode("astronaut"));
    EXPECT_EQ(tokenizer().encode(std::string("ca\0ts", 5)), tokenizer().encode("cats"));
    EXPECT_EQ(tokenizer().encode("a\u00a0cat\u3000sat\u2028on\r\n\tit"),
              tokenizer().encode("a cat sat on it"));
    for (const char* nothing : {"", " ", "\u200b\u3000\n"}) EXPECT_TRUE(tokenizer().encode(nothing).empty());
}

TEST(WordPieceTokenizer, EmojiAreUnknownWords) {
    EXPECT_EQ(pieces("\U0001F600\U0001F3A8 cat"), "[UNK] cat");
    EXPECT_EQ(pieces("cat\U0001F600"), "[UNK]") << "no space, one word";
}

TEST(WordPieceTokenizer, NamesOfSpecialTokensAreThese) {
    EXPECT_EQ(pieces("a [MASK] cat[SEP][CLS]."), "a [MASK] cat [SEP] [CLS] .");
    EXPECT_EQ(pieces("[mask]"), "[ mask ]");
    EXPECT_EQ(pieces("[[PAD] [SE"), "[ [PAD] [ se");
}

TEST(WordPieceTokenizer, WordsOfMoreThanAHundredLettersAreUnknown) {
    const std::string most(WordPieceTokenizer::kLongestWord, 'a');
    EXPECT_GT(tokenizer().encode(most).size(), 10u);
    EXPECT_EQ(tokenizer().encode(most + "a"), Ids{tokenizer().unknown()});
    std::string accented; // counted without the accents, which are gone then
    for (std::size_t i = 0; i < WordPieceTokenizer::kLongestWord; ++i) accented += "e\u0301";
    EXPECT_EQ(tokenizer().encode(accented),
              tokenizer().encode(std::string(WordPieceTokenizer::kLongestWord, 'e')));
}

TEST(WordPieceTokenizer, LongTextsTakeNoQuadraticTime) {
    const auto before = std::chrono::steady_clock::now();
    std::string words;
    for (int i = 0; i < 10'000; ++i) words += "photograph ";
    EXPECT_EQ(tokenizer().encode(words), Ids(10'000, tokenizer().encode("photograph").at(0)));
    EXPECT_EQ(tokenizer().encode(std::string(1'000'000, 'a')), Ids{tokenizer().unknown()});
    EXPECT_EQ(tokenizer().encode(std::string(100'000, '[')).size(), 100'000u);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST(WordPieceTokenizer, AnyBytesEncode) {
    std::mt19937 random(2);
    for (int round = 0; round < 300; ++round) {
        std::string bytes(random() % 60, ' ');
        for (char& c : bytes) c = static_cast<char>(random());
        for (const int id : tokenizer().encode(bytes)) {
            ASSERT_GE(id, 0);
            ASSERT_LT(id, tokenizer().size());
        }
    }
}

TEST(WordPieceTokenizer, FramesAndCuts) {
    EXPECT_EQ(tokenizer().framed({}, 2), (Ids{101, 102}));
    EXPECT_EQ(tokenizer().framed(Ids{7, 8, 9}, 24), (Ids{101, 7, 8, 9, 102}));
    EXPECT_EQ(tokenizer().framed(Ids{7, 8, 9}, 4), (Ids{101, 7, 8, 102}));
    EXPECT_EQ(tokenizer().framed(Ids{7, 8, 9}, 2), (Ids{101, 102}));
}

TEST(WordPieceTokenizer, DamagedVocabulariesAreErrors) {
    const test::TemporaryFolder folder;
    const auto expectBroken = [&](const std::string& text, const std::string& part) {
        writeFileAtomic(folder / "vocab.txt", text);
        test::expectError([&] { WordPieceTokenizer(folder / "vocab.txt"); }, part);
    };
    test::expectError([&] { WordPieceTokenizer(folder / "none.txt"); }, "none.txt");
    expectBroken("", "has no [PAD]");
    expectBroken("[PAD]\n[UNK]\n[CLS]\n", "has no [SEP] among its 3 lines");
    expectBroken("[PAD]\n[UNK]\n[CLS]\n[SEP]\ncat\ncat\n", "line 6: \"cat\" stands there twice");
    expectBroken(std::string("[PAD]\n\0", 7), "is no text");
}

TEST(Unicode, CategoriesTellPunctuationMarksAndControlsApart) {
    using namespace unicode;
    EXPECT_TRUE(isPunctuation(U'!') && isPunctuation(U'\u3002') && !isPunctuation(U'$') &&
                !isPunctuation(U'a'));
    EXPECT_TRUE(isMark(U'\u0301') && isMark(U'\u3099') && !isMark(U'e'));
    EXPECT_TRUE(isControl(U'\u200d') && isControl(U'\0') && isControl(U'\ue000') && !isControl(U' '));
    EXPECT_FALSE(isControl(U'\u0378')) << "not assigned";
    EXPECT_EQ(lower(U'\u03a3'), U'\u03c3');
    EXPECT_EQ(encode(decomposed(U"\u00e9")), "e\u0301");
}

} // namespace
} // namespace ochre::models
