// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiWords.h"

#include <algorithm>
#include <cctype>
#include <span>

namespace ochre::training {
namespace {

using Words = std::vector<std::string>;

bool isOneOf(std::string_view word, std::span<const std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

Words split(std::string_view text, std::string_view separator) {
    Words parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        if (at != 0 && !text.empty()) parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + separator.size());
    }
}

std::string joined(std::span<const std::string> parts, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += i + 1 == parts.size() ? last : std::string_view(", ");
        out += parts[i];
    }
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

void replaceAll(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

// Countries that are said with an article.
constexpr std::string_view kWithThe[] = {
    "Bahamas",     "Comoros",     "Gambia",     "Isle of Man",           "Maldives",
    "Netherlands", "Philippines", "Seychelles", "Caribbean Netherlands", "Vatican City State"};

std::string country(const std::string& name) {
    constexpr std::string_view kEndings[] = {"Islands", "Republic", "Emirates",    "Kingdom",
                                             "States",  "Nations",  "Territories", "Union"};
    const bool ends = std::any_of(std::begin(kEndings), std::end(kEndings),
                                  [&](std::string_view e) { return name.ends_with(e); });
    return (ends || isOneOf(name, kWithThe) ? "the " : "") + name;
}

bool isTone(std::string_view part) {
    return part.ends_with("skin tone");
}

/// {"woman", "woman", "girl"} → "two women and a girl".
std::string people(const Words& who) {
    Words parts;
    for (std::size_t i = 0; i < who.size();) {
        std::size_t same = 1;
        while (i + same < who.size() && who[i + same] == who[i]) ++same;
        const std::string many = who[i] == "woman"    ? "women"
                                 : who[i] == "man"    ? "men"
                                 : who[i] == "person" ? "people"
                                                      : who[i] + "s";
        parts.push_back(same == 1 ? indefiniteArticle(who[i]) + (" " + who[i]) : "two " + many);
        i += same;
    }
    return joined(parts, " and ");
}

/// "kiss: woman, man, light skin tone, dark skin tone" and its like.
std::string couple(const std::string& head, const Words& tail) {
    Words who, tones;
    for (const std::string& part : tail) (isTone(part) ? tones : who).push_back(part);
    const bool heart = head == "couple with heart" && !who.empty();
    std::string text = heart ? "couple" : head;
    if (who.size() == 2 && tones.size() == 2) {
        for (std::size_t i = 0; i < 2; ++i)
            text.append(i == 0 ? " of " : " and ")
                .append(indefiniteArticle(who[i]))
                .append(" " + who[i] + " with " + tones[i]);
        tones.clear();
    } else if (!who.empty()) {
        text += " of " + people(who);
    }
    if (heart) text += " with heart";
    if (!tones.empty())
        text += (text.find(" with ") == std::string::npos ? " with " : " and ") + joined(tones, " and ");
    return text;
}

/// What stands behind a colon, said in English.
std::string unfolded(const std::string& head, Words tail) {
    if (tail.empty()) return head;
    if (head == "flag") return "flag of " + country(joined(tail, ", "));
    if (head == "keycap") {
        const std::string& key = tail.front();
        return key == "#"   ? "keycap with a number sign"
               : key == "*" ? "keycap with an asterisk"
                            : "keycap with the number " + key;
    }
    if (head == "family") return "family of " + people(tail);
    if (head == "kiss" || head == "couple with heart") return couple(head, tail);
    std::string text = head;
    if (const auto bald = std::find(tail.begin(), tail.end(), "bald"); bald != tail.end()) {
        text = "bald " + text;
        tail.erase(bald);
    }
    for (std::string& part : tail)
        if (part == "beard") part = "a beard";
    if (tail.empty()) return text;
    return text + (text.find(" with ") == std::string::npos ? " with " : " and ") + joined(tail, " and ");
}

// Names that are no things to speak of.
constexpr std::string_view kSaidOtherwise[][2] = {
    {"multiply", "multiplication sign"},
    {"plus", "plus sign"},
    {"minus", "minus sign"},
    {"divide", "division sign"},
    {"infinity", "infinity sign"},
    {"copyright", "copyright sign"},
    {"registered", "registered sign"},
    {"locked", "locked padlock"},
    {"unlocked", "unlocked padlock"},
    {"locked with pen", "locked padlock with pen"},
    {"locked with key", "locked padlock with key"},
    {"prohibited", "prohibition sign"},
    {"radioactive", "radioactivity sign"},
    {"hourglass done", "hourglass with all sand below"},
    {"hourglass not done", "hourglass with running sand"},
    {"foggy", "foggy city"},
    {"rolling on the floor laughing", "face rolling on the floor laughing"},
    {"star-struck", "star-struck face"},
    {"breast-feeding", "woman breast-feeding"},
    {"mx claus", "Mx Claus"},
    {"Mount Fuji", "Mount Fuji"},
};

std::string natural(std::string_view name) {
    std::string text(name);
    replaceAll(text, "’", "'");
    replaceAll(text, "“", "\"");
    replaceAll(text, "”", "\"");
    const std::size_t colon = text.find(": ");
    std::string head = text.substr(0, colon);
    for (const auto& [written, said] : kSaidOtherwise)
        if (head == written) head = said;
    if (colon == std::string::npos) return head;
    return unfolded(head, split(std::string_view(text).substr(colon + 2), ", "));
}

// Heads and whole names that are not counted.
// clang-format off
constexpr std::string_view kUncounted[] = {
    "Aquarius", "Aries", "arrival", "away", "bacon", "badminton", "bowling", "bread", "broccoli", "butter",
    "camping", "Cancer", "candy", "Capricorn", "claim", "Claus", "construction", "control",
    "cooking", "coral", "cream", "custard", "customs", "dango", "departure", "dizzy", "dna", "down",
    "falafel", "fire", "flatbread", "fog", "food", "garlic", "Gemini", "hockey", "ice", "information",
    "jewelry", "khanda", "lacrosse", "Leo", "Libra", "liquid", "litter", "luggage", "mahjong", "mate",
    "meat", "money", "Mount Fuji", "oden", "off", "om", "Ophiuchus", "ping pong", "Pisces", "polish",
    "popcorn", "racing", "rail", "rice", "root", "Sagittarius", "sake", "salt", "Scorpio", "soap",
    "spaghetti", "sushi", "Taurus", "tea", "tennis", "thread", "together", "Tokyo tower", "up", "Virgo",
    "voltage", "water", "wireless", "wood", "yarn", "ZZZ"};
// clang-format on
constexpr std::string_view kDefinite[] = {"milky way", "Statue of Liberty"};
constexpr std::string_view kPlurals[] = {"people", "men",  "women", "children",  "feet",
                                         "teeth",  "mice", "fries", "two hearts"};
// clang-format off
constexpr std::string_view kPrepositions[] = {
    "with", "of", "in", "on", "at", "without", "over", "behind", "showing", "for", "and", "under",
    "holding", "hugging", "wrestling", "blowing", "savoring", "facing", "turned", "curving", "pointed",
    "pointing", "screaming", "tilted", "or", "fluttering", "from", "not"};
// clang-format on

constexpr std::string_view kActors[] = {"person", "man", "woman", "people", "men", "women", "face"};

/// The word that decides about number: "slice" of "slice of bread", "face" of "grinning face with sweat".
std::string headOf(std::string_view text) {
    std::string head;
    for (const std::string& word : split(text, " ")) {
        if (!head.empty() && isOneOf(word, kPrepositions)) break;
        if (isOneOf(head, kActors) && word.ends_with("ing")) break;
        head = word;
    }
    return head;
}

bool looksPlural(std::string_view head) {
    if (isOneOf(head, kPlurals)) return true;
    constexpr std::string_view kSingular[] = {"ss", "us", "is", "os"};
    return head.size() > 2 && head.back() == 's' &&
           std::none_of(std::begin(kSingular), std::end(kSingular),
                        [&](std::string_view e) { return head.ends_with(e); });
}

/// Where a colour stands in the words, and how many of them it takes; a colour on its own at the end is a
/// noun ("leafy green").
struct ColorPlace {
    std::size_t at = 0, words = 0;
    std::optional<NamedColor> color;
};

ColorPlace colorIn(const Words& words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (isOneOf(words[i], kPrepositions) && i > 0) break;
        const auto color = namedColor(words[i]);
        if (!color) continue;
        if (i > 0 && (words[i - 1] == "light" || words[i - 1] == "dark")) return {i - 1, 2, std::nullopt};
        return {i, 1, color};
    }
    return {};
}

// clang-format off
constexpr std::string_view kDirectionWords[] = {
    "left", "right", "leftward", "rightward", "leftwards", "rightwards", "clockwise", "counterclockwise",
    "anticlockwise", "clock", "watch", "o'clock", "arrow", "arrows", "letters", "numbers", "symbols",
    "input", "calendar", "hundred", "100", "1234", "OK", "ZZZ", "ATM", "SOS", "flag", "flags", "moon",
    "note", "notes", "score", "chart", "map", "globe", "keyboard", "typing", "banknote", "newspaper",
    "receipt", "ticket", "tickets", "card", "cards", "joker", "8", "mahjong", "slot", "hospital", "hotel",
    "bank", "convenience", "taxi", "ambulance", "police", "stop", "bus", "dollar", "yen", "euro", "pound",
    "sign", "Japanese", "label", "index", "writing", "selfie", "eighteen", "1st", "2nd", "3rd", "vulcan",
    "call", "e-mail", "name", "badge", "button", "question", "infinity", "memo", "abacus", "ledger",
    "identification", "placard", "school", "store", "speaker", "die", "fuel", "stopwatch", "thermometer"};
// clang-format on
// clang-format off
constexpr std::string_view kDirectionGroups[] = {
    "arrow", "keycap", "alphanum", "time", "av-symbol", "punctuation", "currency", "zodiac", "religion",
    "transport-sign", "math", "hand-single-finger", "warning", "other-symbol", "country-flag",
    "subdivision-flag", "flag"};
// clang-format on

// clang-format off
constexpr std::string_view kSceneWords[] = {
    "night", "sunrise", "sunset", "cityscape", "milky way", "rainbow", "fireworks", "globe", "map", "foggy",
    "bridge", "camping", "desert", "beach", "national park", "flag", "traffic light", "palette", "tickets",
    "wedding", "yin yang", "banknote", "red dragon", "chart", "performing arts", "o’clock", "thirty",
    "confetti", "bento",
    "blood", "steaming bowl", "framed picture", "abacus", "puzzle", "bouquet", "curry", "shallow pan",
    "green salad", "stuffed", "fish cake", "slot machine", "skin tone", "stadium", "construction", "houses",
    "mirror ball"};
// clang-format on
// clang-format off
constexpr std::string_view kColorable[] = {
    "hand-fingers-open", "hand-fingers-partial", "hand-single-finger", "hand-fingers-closed", "hands",
    "body-parts", "geometric", "punctuation", "math", "other-symbol"};
// clang-format on

constexpr std::string_view kSides[] = {"left", "right", "up", "down"};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

} // namespace

const char* indefiniteArticle(std::string_view word) {
    word = word.substr(0, word.find(' '));
    if (word.empty()) return "a";
    if (word[0] == '"' && word.size() > 1) word.remove_prefix(1);
    const std::string small = lower(word);
    const bool letters = word.size() <= 2 || word == "SOS" || word == "ATM";
    const bool shouted = std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (shouted && letters && std::isalpha(static_cast<unsigned char>(word[0])))
        return word == "UP" || std::string_view("AEFHILMNORSX").find(word[0]) != std::string_view::npos ? "an"
                                                                                                        : "a";
    constexpr std::string_view kLikeY[] = {"uni", "eu", "ewe", "one", "use", "uri", "ufo", "ut"};
    if (small.starts_with("hour") || small.starts_with("x-ray") || small.starts_with("honest")) return "an";
    if (small.starts_with("unin") || small.starts_with("unim")) return "an";
    for (const std::string_view start : kLikeY)
        if (small.starts_with(start)) return "a";
    return std::string_view("aeiou8").find(small[0]) != std::string_view::npos ? "an" : "a";
}

Wording wordingOf(std::string_view name) {
    const std::string text = natural(name);
    Wording w;
    const Words words = split(text, " ");
    ColorPlace place = colorIn(words);
    const bool counted = words.size() > 1 && words.front() == "two"; // "two blue hearts"
    if (counted && place.words == 0) place.at = 1;
    const auto phrase = [&](std::size_t from, std::size_t to) {
        std::string out;
        for (std::size_t i = from; i < to; ++i) out += (out.empty() ? "" : " ") + words[i];
        return out;
    };
    w.before = phrase(0, place.at);
    if (!w.before.empty()) w.before += ' ';
    w.colorText = phrase(place.at, place.at + place.words);
    w.color = place.color;
    w.after = phrase(place.at + place.words, words.size());
    w.thing = w.before + w.after;
    const std::string head = headOf(text);
    w.plural = looksPlural(head) || isOneOf(text, kPlurals);
    const bool clock = contains(text, "o'clock") || text.ends_with("-thirty");
    if (isOneOf(text, kDefinite) || text.starts_with("flag of "))
        w.article = Article::The;
    else if (w.plural || clock || isOneOf(head, kUncounted) || isOneOf(text, kUncounted) ||
             text.starts_with("no "))
        w.article = Article::None;
    constexpr std::string_view kSizes[] = {"small", "large", "medium", "tiny", "big", "medium-small"};
    w.sized = counted || std::any_of(words.begin(), words.end(),
                                     [&](const std::string& word) { return isOneOf(word, kSizes); });
    return w;
}

std::string Wording::said(bool withArticle, std::optional<NamedColor> other, std::string_view size) const {
    std::string text;
    if (!size.empty()) text.append(size) += ' ';
    text += before;
    const std::string colored = other ? name(*other) : colorText;
    if (!colored.empty()) text += colored + ' ';
    text += after;
    if (!withArticle || article == Article::None) return text;
    return (article == Article::The ? std::string("the") : std::string(indefiniteArticle(text))) + ' ' + text;
}

bool mayFlip(const Emoji& emoji) {
    if (emoji.group == "Flags" || isOneOf(emoji.subgroup, kDirectionGroups)) return false;
    const auto speaks = [](std::string_view text) {
        std::string plain(text);
        replaceAll(plain, "’", "'");
        for (char& c : plain)
            if (c == '-' || c == ',' || c == ':' || c == '(' || c == ')') c = ' ';
        const Words words = split(plain, " ");
        return std::any_of(words.begin(), words.end(),
                           [](const std::string& w) { return isOneOf(w, kDirectionWords); });
    };
    return !speaks(emoji.name) && std::none_of(emoji.keywords.begin(), emoji.keywords.end(), speaks);
}

bool mayRecolor(const Emoji& emoji) {
    if (!emoji.tones.empty() || emoji.group == "Flags") return false;
    const bool special = emoji.group == "People & Body" || emoji.group == "Symbols";
    if (special && !isOneOf(emoji.subgroup, kColorable)) return false;
    return std::none_of(std::begin(kSceneWords), std::end(kSceneWords),
                        [&](std::string_view word) { return contains(emoji.name, word); });
}

bool mayPair(const Emoji& emoji) {
    if (!emoji.tones.empty() || emoji.group == "Flags" || contains(emoji.name, ":")) return false;
    if (emoji.group == "Symbols" && emoji.subgroup != "geometric") return false;
    for (const std::string& word : split(emoji.name, " ")) // "a hand pointing right left of a cat"
        if (isOneOf(word, kSides) || word.ends_with("wards") || word.ends_with("facing")) return false;
    const auto blanks = std::count(emoji.name.begin(), emoji.name.end(), ' ');
    return blanks < 4 && emoji.name.size() <= 32 && !contains(emoji.name, " and ") &&
           !contains(emoji.name, "clock") && !contains(emoji.name, "thirty");
}

std::vector<std::string> plainKeywords(const Emoji& emoji) {
    std::vector<std::string> words;
    for (const std::string& word : emoji.keywords) {
        const bool plain =
            word.size() >= 2 && std::all_of(word.begin(), word.end(), [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '-' || c == '\'';
            });
        if (plain && !contains(word, "skin tone")) words.push_back(word);
    }
    return words;
}

} // namespace ochre::training
