// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Lettering.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace ochre {
namespace {

using Letter = std::array<std::uint8_t, kLetterHeight>; // rows from the top; bit 16 is the leftmost pixel

constexpr char kFirst = ' ', kLast = '~';
constexpr Letter kBox = {31, 17, 17, 17, 17, 17, 31};
constexpr Letter kLetters[] = {
    {0, 0, 0, 0, 0, 0, 0},        {4, 4, 4, 4, 4, 0, 4},        {10, 10, 10, 0, 0, 0, 0},
    {10, 10, 31, 10, 31, 10, 10}, {4, 15, 20, 14, 5, 30, 4},    {24, 25, 2, 4, 8, 19, 3},
    {12, 18, 20, 8, 21, 18, 13},  {4, 4, 8, 0, 0, 0, 0},        {2, 4, 8, 8, 8, 4, 2},
    {8, 4, 2, 2, 2, 4, 8},        {0, 4, 21, 14, 21, 4, 0},     {0, 4, 4, 31, 4, 4, 0},
    {0, 0, 0, 0, 12, 4, 8},       {0, 0, 0, 31, 0, 0, 0},       {0, 0, 0, 0, 0, 12, 12},
    {1, 1, 2, 4, 8, 16, 16},      {14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14},
    {14, 17, 1, 2, 4, 8, 31},     {31, 2, 4, 2, 1, 17, 14},     {2, 6, 10, 18, 31, 2, 2},
    {31, 16, 30, 1, 1, 17, 14},   {6, 8, 16, 30, 17, 17, 14},   {31, 1, 2, 4, 8, 8, 8},
    {14, 17, 17, 14, 17, 17, 14}, {14, 17, 17, 15, 1, 2, 12},   {0, 12, 12, 0, 12, 12, 0},
    {0, 12, 12, 0, 12, 4, 8},     {2, 4, 8, 16, 8, 4, 2},       {0, 0, 31, 0, 31, 0, 0},
    {8, 4, 2, 1, 2, 4, 8},        {14, 17, 1, 2, 4, 0, 4},      {14, 17, 23, 21, 23, 16, 14},
    {14, 17, 17, 31, 17, 17, 17}, {30, 17, 17, 30, 17, 17, 30}, {14, 17, 16, 16, 16, 17, 14},
    {28, 18, 17, 17, 17, 18, 28}, {31, 16, 16, 30, 16, 16, 31}, {31, 16, 16, 30, 16, 16, 16},
    {14, 17, 16, 23, 17, 17, 15}, {17, 17, 17, 31, 17, 17, 17}, {14, 4, 4, 4, 4, 4, 14},
    {7, 2, 2, 2, 2, 18, 12},      {17, 18, 20, 24, 20, 18, 17}, {16, 16, 16, 16, 16, 16, 31},
    {17, 27, 21, 21, 17, 17, 17}, {17, 17, 25, 21, 19, 17, 17}, {14, 17, 17, 17, 17, 17, 14},
    {30, 17, 17, 30, 16, 16, 16}, {14, 17, 17, 17, 21, 18, 13}, {30, 17, 17, 30, 20, 18, 17},
    {15, 16, 16, 14, 1, 1, 30},   {31, 4, 4, 4, 4, 4, 4},       {17, 17, 17, 17, 17, 17, 14},
    {17, 17, 17, 17, 17, 10, 4},  {17, 17, 17, 21, 21, 21, 10}, {17, 17, 10, 4, 10, 17, 17},
    {17, 17, 10, 4, 4, 4, 4},     {31, 1, 2, 4, 8, 16, 31},     {14, 8, 8, 8, 8, 8, 14},
    {16, 16, 8, 4, 2, 1, 1},      {14, 2, 2, 2, 2, 2, 14},      {4, 10, 17, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 31},       {8, 4, 2, 0, 0, 0, 0},        {0, 0, 14, 1, 15, 17, 15},
    {16, 16, 22, 25, 17, 17, 30}, {0, 0, 14, 16, 16, 17, 14},   {1, 1, 13, 19, 17, 17, 15},
    {0, 0, 14, 17, 31, 16, 14},   {6, 9, 8, 28, 8, 8, 8},       {0, 15, 17, 17, 15, 1, 14},
    {16, 16, 22, 25, 17, 17, 17}, {4, 0, 12, 4, 4, 4, 14},      {2, 0, 6, 2, 2, 18, 12},
    {16, 16, 18, 20, 24, 20, 18}, {12, 4, 4, 4, 4, 4, 14},      {0, 0, 26, 21, 21, 17, 17},
    {0, 0, 22, 25, 17, 17, 17},   {0, 0, 14, 17, 17, 17, 14},   {0, 0, 30, 17, 30, 16, 16},
    {0, 0, 13, 19, 15, 1, 1},     {0, 0, 22, 25, 16, 16, 16},   {0, 0, 14, 16, 14, 1, 30},
    {8, 8, 28, 8, 8, 9, 6},       {0, 0, 17, 17, 17, 19, 13},   {0, 0, 17, 17, 17, 10, 4},
    {0, 0, 17, 17, 21, 21, 10},   {0, 0, 17, 10, 4, 10, 17},    {0, 0, 17, 17, 15, 1, 14},
    {0, 0, 31, 2, 4, 8, 31},      {2, 4, 4, 8, 4, 4, 2},        {4, 4, 4, 4, 4, 4, 4},
    {8, 4, 4, 2, 4, 4, 8},        {0, 0, 8, 21, 2, 0, 0},
};
static_assert(std::size(kLetters) == kLast - kFirst + 1);

/// One char for each code point: itself, or 0 for what has no letter.
std::string lettersOf(std::string_view text) {
    std::string letters;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0) == 0x80) continue; // goes on with the code point before
        letters += c >= kFirst && c <= kLast ? c : '\0';
    }
    return letters;
}

int widthOf(std::size_t letters, int scale) {
    return letters == 0 ? 0 : (static_cast<int>(letters) * kLetterAdvance - 1) * scale;
}

void fill(Image& image, int x, int y, int side, const std::array<float, 4>& color) {
    const int channels = image.channels(), colors = image.hasAlpha() ? channels - 1 : channels;
    float* const values = image.edit().data();
    for (int row = std::max(y, 0); row < std::min(y + side, image.height()); ++row)
        for (int column = std::max(x, 0); column < std::min(x + side, image.width()); ++column) {
            float* p = values + (static_cast<std::size_t>(row) * static_cast<std::size_t>(image.width()) +
                                 static_cast<std::size_t>(column)) *
                                    static_cast<std::size_t>(channels);
            for (int c = 0; c < colors; ++c) p[c] = c < 3 ? color[static_cast<std::size_t>(c)] : 0;
            if (image.hasAlpha()) p[colors] = color[3];
        }
}

} // namespace

int letteringWidth(std::string_view text, int scale) {
    return widthOf(lettersOf(text).size(), scale);
}

void drawLettering(Image& image, std::string_view text, int x, int y, int maxWidth, int scale,
                   const std::array<float, 4>& color) {
    std::string letters = lettersOf(text);
    if (widthOf(letters.size(), scale) > maxWidth) {
        while (!letters.empty() && widthOf(letters.size() + 2, scale) > maxWidth) letters.pop_back();
        if (widthOf(letters.size() + 2, scale) > maxWidth) return;
        letters += "..";
    }
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const Letter& letter = letters[i] == '\0' ? kBox : kLetters[letters[i] - kFirst];
        for (int row = 0; row < kLetterHeight; ++row)
            for (int column = 0; column < kLetterAdvance - 1; ++column)
                if (letter[static_cast<std::size_t>(row)] >> (4 - column) & 1)
                    fill(image, x + (static_cast<int>(i) * kLetterAdvance + column) * scale, y + row * scale,
                         scale, color);
    }
}

} // namespace ochre
