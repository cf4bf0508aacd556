// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Cifar10.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"

namespace ochre::training {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPlane = std::size_t{Cifar10::kSide} * Cifar10::kSide, kRecord = 1 + 3 * kPlane;
constexpr std::uint64_t kFileLimit = std::uint64_t{1} << 30;
constexpr const char* kNames[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                  "dog",      "frog",       "horse", "ship", "truck"};

} // namespace

Cifar10::Cifar10(const std::vector<fs::path>& batches) {
    for (const fs::path& batch : batches) add(readFile(batch, kFileLimit), batch.string());
    if (m_labels.empty()) throw Error("CIFAR-10: no batch was given", "choose data_batch_1.bin and its like");
}

Cifar10::Cifar10(std::span<const std::byte> batch, const std::string& subject) {
    add(batch, subject);
}

void Cifar10::add(std::span<const std::byte> batch, const std::string& subject) {
    if (batch.empty() || batch.size() % kRecord != 0)
        throw broken(fmt::format("{}: {} bytes are {} records of {} and {} bytes of another", subject,
                                 batch.size(), batch.size() / kRecord, kRecord, batch.size() % kRecord),
                     "a batch of CIFAR-10's binary version is needed, whole");
    const std::size_t count = batch.size() / kRecord;
    m_planes.reserve(m_planes.size() + count * 3 * kPlane);
    for (std::size_t i = 0; i < count; ++i) {
        const auto record = batch.subspan(i * kRecord, kRecord);
        const auto label = std::to_integer<std::uint8_t>(record[0]);
        if (label >= std::size(kNames))
            throw broken(fmt::format("{}: record {}: label {}, they go from 0 to 9", subject, i, label),
                         "a batch of CIFAR-10's binary version is needed (CIFAR-100 is written otherwise)");
        m_labels.push_back(label);
        for (const std::byte value : record.subspan(1))
            m_planes.push_back(std::to_integer<std::uint8_t>(value));
    }
}

Cifar10 Cifar10::fromFolder(const fs::path& folder, bool test) {
    std::vector<fs::path> batches;
    if (test) batches.push_back(folder / "test_batch.bin");
    for (int i = 1; !test && i <= 5; ++i) batches.push_back(folder / fmt::format("data_batch_{}.bin", i));
    return Cifar10(batches);
}

std::vector<std::uint8_t> Cifar10::picture(std::size_t index) const {
    const std::uint8_t* planes = m_planes.data() + index * 3 * kPlane;
    std::vector<std::uint8_t> pixels(3 * kPlane);
    for (std::size_t i = 0; i < kPlane; ++i)
        for (std::size_t c = 0; c < 3; ++c) pixels[3 * i + c] = planes[c * kPlane + i];
    return pixels;
}

std::string Cifar10::caption(std::size_t index) const {
    const char* name = kNames[m_labels[index]];
    return fmt::format("a photo of {} {}", m_labels[index] < 2 ? "an" : "a", name);
}

Example Cifar10::example(std::size_t index, std::uint64_t) const {
    if (index >= size()) throw Error(fmt::format("CIFAR-10: there is no picture {} of {}", index, size()));
    return {kSide, kSide, 3, picture(index), caption(index), label(index)};
}

std::vector<std::string> Cifar10::labels() const {
    return {std::begin(kNames), std::end(kNames)};
}

} // namespace ochre::training
