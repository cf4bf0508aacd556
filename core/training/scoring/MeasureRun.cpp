// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/scoring/MeasureRun.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Compare.h"
#include "core/image/ContactSheet.h"
#include "core/image/Filter.h"
#include "core/models/restore/ClassicRestore.h"
#include "core/models/restore/Restorer.h"
#include "core/models/vision/GrabCut.h"
#include "core/models/vision/Segmenter.h"
#include "core/training/data/CutoutScenes.h"
#include "core/training/data/Degradation.h"

namespace ochre::training {
namespace {

/// Of 255, and of the clip limit: every baseline gets the one of these that suits the picture best.
constexpr std::array<double, 6> kMeansStrengths{3, 5, 7, 10, 14, 20};
constexpr std::array<double, 7> kClipLimits{1, 2, 4, 8, 16, 32, 64};
constexpr std::size_t kScenes = 60, kLeastPixels = 400; // objects of a scene that are clicked on, of 256 × 256
constexpr std::size_t kShown = 12;
constexpr int kGrid = 8, kCell = 256;
constexpr const char *kClick = "click", *kPairs = "pairs";

Image imageOf(const Pixels& pixels) {
    Image image(pixels.width, pixels.height, 3);
    std::transform(pixels.rgb.begin(), pixels.rgb.end(), image.edit().begin(),
                   [](std::uint8_t value) { return static_cast<float>(value) / 255.0f; });
    return image;
}

/// The middle, from a multiple of JPEG's blocks on; all of it for 0.
Image middleOf(const Image& image, int side) {
    if (side <= 0) return image;
    const int width = std::min(side, image.width()), height = std::min(side, image.height());
    const auto start = [](int spare) { return spare / 2 / kGrid * kGrid; };
    return crop(image, start(image.width() - width), start(image.height() - height), width, height);
}

/// To 8 bit, as a file would hold it.
Pixels bytesOf(const Image& image) {
    return {image.width(), image.height(), toRgb8(image)};
}

Figures compared(const Image& a, const Image& truth) {
    return {psnr(a, truth), ssim(a, truth)};
}

double overlapOf(const Image& mask, const Example& scene, std::uint8_t object) {
    std::size_t common = 0, all = 0;
    for (std::size_t i = 0; i < mask.values().size(); ++i) {
        const bool chosen = mask.values()[i] > 0.5f, wanted = scene.pixels[4 * i + 3] == object;
        common += chosen && wanted;
        all += chosen || wanted;
    }
    return static_cast<double>(common) / static_cast<double>(std::max<std::size_t>(all, 1));
}

Figures& operator+=(Figures& sum, const Figures& figures) {
    sum.first += figures.first;
    sum.ssim += figures.ssim;
    return sum;
}

/// The rows of a sheet fill as pictures come.
class Sheet {
public:
    Sheet(bool wanted, std::size_t count, std::vector<std::string> columns) : m_rows(wanted ? std::min(count, kShown) : 0), m_columns(columns.size()) {
        if (m_rows > 0)
            m_sheet.emplace(m_rows * m_columns, SheetOptions{.columns = static_cast<int>(m_columns), .cellWidth = kCell, .cellHeight = kCell,
                                                             .columnLabels = std::move(columns), .rowLabels = {}});
    }
    void add(const std::vector<Image>& row) {
        if (m_done == m_rows) return;
        for (std::size_t i = 0; i < row.size(); ++i) m_sheet->place(m_done * m_columns + i, row[i]);
        ++m_done;
    }
    Image take() { return m_sheet ? m_sheet->take() : Image(); }

private:
    std::size_t m_rows, m_columns, m_done = 0;
    std::optional<ContactSheet> m_sheet;
};

class Run {
public:
    explicit Run(const MeasureRequest& request) : m_request(request) {}

    MeasureOutcome run() {
        if (m_request.task == kClick)
            select();
        else
            restore();
        const auto count = static_cast<double>(m_outcome.pictures.size());
        MeasuredPicture& mean = m_outcome.mean;
        mean.name = "mean";
        Figures given;
        for (const MeasuredPicture& picture : m_outcome.pictures) {
            if (picture.given) given += *picture.given;
            mean.baseline += picture.baseline;
            mean.model += picture.model;
        }
        if (!m_outcome.masks) mean.given = given;
        for (Figures* figures : {mean.given ? &*mean.given : nullptr, &mean.baseline, &mean.model})
            if (figures) *figures = {figures->first / count, figures->ssim / count};
        m_outcome.margin = mean.model.first - mean.baseline.first;
        m_outcome.medianMargin = medianMargin();
        return std::move(m_outcome);
    }

private:
    using Classic = std::function<Image(const Image& image, double strength)>;

    double medianMargin() const {
        std::vector<double> margins;
        for (const MeasuredPicture& picture : m_outcome.pictures) margins.push_back(picture.model.first - picture.baseline.first);
        std::ranges::sort(margins);
        return (margins[(margins.size() - 1) / 2] + margins[margins.size() / 2]) / 2;
    }

    void report(std::size_t done, std::size_t all, const std::string& name) const {
        m_request.cancel.check();
        m_request.progress.report(done, all, name);
    }

    /// The result that is nearest to the truth over all strengths.
    template <std::size_t N>
    Image bestOf(const std::array<double, N>& strengths, const Classic& classic, const Image& given, const Image& truth,
                 MeasuredPicture& row) const {
        Image best;
        double decibels = -1;
        for (const double strength : strengths) {
            const Image result = classic(given, strength);
            const double now = psnr(result, truth);
            if (now <= decibels) continue;
            decibels = now;
            best = result;
            row.strength = strength;
        }
        row.baseline = compared(best, truth);
        return best;
    }

    Image classic(const Image& given, const Image& truth, MeasuredPicture& row) const {
        if (m_outcome.baseline == "CLAHE")
            return bestOf(kClipLimits, [](const Image& image, double limit) { return models::equalised(image, limit); }, given, truth, row);
        return bestOf(kMeansStrengths, [this](const Image& image, double h) { return models::nonLocalMeans(image, h, m_request.cancel); },
                      given, truth, row);
    }

    void restore() {
        const bool pairs = m_request.task == kPairs;
        const std::string baseline = !m_request.baseline.empty() ? m_request.baseline : m_request.task == "low_light" ? "clahe" : "nlm";
        if (baseline != "nlm" && baseline != "clahe") throw Error(fmt::format("measure: there is no baseline \"{}\"", baseline), "there are nlm and clahe");
        m_outcome.baseline = baseline == "clahe" ? "CLAHE" : "non-local means";
        const PictureSet pictures(m_request.pictures, m_request.cancel);
        const std::optional<PictureSet> truths = pairs ? std::optional<PictureSet>(std::in_place, m_request.truth, m_request.cancel) : std::nullopt;
        const auto restorer = models::Restorer::open(m_request.model);
        if (restorer.scale() != 1)
            throw Error(fmt::format("{}: enlarges pictures", m_request.model.string()), "choose a model that keeps their size");
        const std::size_t count = m_request.count > 0 ? std::min(m_request.count, pictures.size()) : pictures.size();
        Sheet sheet(m_request.sheet, count, {"given", m_outcome.baseline, "model", "truth"});
        for (std::size_t i = 0; i < count; ++i) {
            report(i, count, pictures[i].name);
            const Image first = middleOf(withChannels(pictures.image(i), 3), m_request.side);
            Image truth = first, given = first;
            if (pairs) {
                truth = middleOf(withChannels(truthOf(*truths, pictures[i].name), 3), m_request.side);
                if (truth.width() != given.width() || truth.height() != given.height())
                    throw Error(fmt::format("measure: {} is {}×{}, its truth {}×{}", pictures[i].name, given.width(), given.height(),
                                            truth.width(), truth.height()),
                                "give pairs of one size");
            } else {
                Pixels pixels = bytesOf(first);
                Draw draw(m_request.seed, i, 0);
                degrade(pixels, degradationFromName(m_request.task), draw);
                given = imageOf(pixels);
            }
            MeasuredPicture row{.name = pictures[i].name, .given = compared(given, truth), .baseline = {}, .model = {}};
            const Image before = classic(given, truth, row);
            const Image after = imageOf(bytesOf(restorer.restore(given, {.dtype = "float32"}, {}, m_request.cancel)));
            row.model = compared(after, truth);
            m_outcome.pictures.push_back(std::move(row));
            sheet.add({given, before, after, truth});
        }
        m_outcome.sheet = sheet.take();
    }

    static Image truthOf(const PictureSet& truths, const std::string& name) {
        for (std::size_t i = 0; i < truths.size(); ++i)
            if (truths[i].name == name) return truths.image(i);
        throw Error(fmt::format("measure: there is no truth of {}", name), "give both pictures of a pair the same name, in two folders");
    }

    void select() {
        m_outcome.masks = true;
        m_outcome.baseline = "GrabCut";
        CutoutSceneOptions options{.seed = m_request.seed, .cutoutsAlone = true};
        if (m_request.side > 0) options.side = m_request.side;
        const CutoutScenes scenes({m_request.pictures}, {m_request.cutouts}, options, m_request.cancel);
        const auto segmenter = models::Segmenter::open(m_request.model);
        const std::size_t count = m_request.count > 0 ? m_request.count : kScenes;
        const auto least = kLeastPixels * static_cast<std::size_t>(options.side) * static_cast<std::size_t>(options.side) / 65536;
        Sheet sheet(m_request.sheet, count, {"click", m_outcome.baseline, "model", "truth"});
        for (std::size_t n = 0; m_outcome.pictures.size() < count; ++n) {
            const Example scene = scenes.example(n % scenes.size(), n);
            const auto click = clickOnLargest(scene, least);
            if (!click) continue;
            const std::string name = fmt::format("scene {}", n);
            report(m_outcome.pictures.size(), count, name);
            Pixels pixels{scene.width, scene.height, {}};
            Image truth(scene.width, scene.height, 1, ColorSpace::Raw);
            for (std::size_t i = 0; i < scene.pixels.size(); i += 4) {
                pixels.rgb.insert(pixels.rgb.end(), &scene.pixels[i], &scene.pixels[i] + 3);
                truth.edit()[i / 4] = scene.pixels[i + 3] == click->object ? 1.0f : 0.0f;
            }
            const Image picture = imageOf(pixels);
            const models::SegmentPrompt prompt{.points = {{static_cast<float>(click->x) + 0.5f, static_cast<float>(click->y) + 0.5f}}, .box = {}};
            const Image before = models::grabCut(picture, prompt, {}, m_request.cancel);
            const Image after = segmenter.segment(picture, prompt, true, {}, m_request.cancel).front().mask;
            m_outcome.pictures.push_back({.name = name, .given = {}, .baseline = {overlapOf(before, scene, click->object)},
                                          .model = {overlapOf(after, scene, click->object)}});
            sheet.add({marked(picture, *click), withChannels(before, 3), withChannels(after, 3), withChannels(truth, 3)});
        }
        m_outcome.sheet = sheet.take();
    }

    /// With a red square about the click.
    static Image marked(const Image& picture, const Click& click) {
        Image out = picture;
        const int reach = std::max(2, picture.width() / 64);
        for (int y = std::max(0, click.y - reach); y <= std::min(picture.height() - 1, click.y + reach); ++y)
            for (int x = std::max(0, click.x - reach); x <= std::min(picture.width() - 1, click.x + reach); ++x) {
                float* p = out.edit().data() + 3 * static_cast<std::size_t>(y * picture.width() + x);
                p[0] = 1;
                p[1] = p[2] = 0;
            }
        return out;
    }

    const MeasureRequest& m_request;
    MeasureOutcome m_outcome;
};

} // namespace

const std::vector<std::string>& measureTasks() {
    static const std::vector<std::string> tasks = [] {
        std::vector<std::string> all = degradationNames();
        all.insert(all.end(), {kPairs, kClick});
        return all;
    }();
    return tasks;
}

MeasureOutcome measure(const MeasureRequest& request) {
    if (std::ranges::find(measureTasks(), request.task) == measureTasks().end())
        throw Error(fmt::format("measure: there is no task \"{}\"", request.task), fmt::format("there are {}", fmt::join(measureTasks(), ", ")));
    return Run(request).run();
}

} // namespace ochre::training
