// SPDX-License-Identifier: GPL-3.0-or-later
// From the numbers of a file to an Image: profile, gamma and primaries resolved with lcms2, alpha straight,
// upright.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <lcms2.h>

#include "core/base/Log.h"
#include "core/base/TaskPool.h"
#include "core/image/Codec.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/Metadata.h"
#include "core/image/Pixels.h"

namespace ochre::codec {
namespace {

struct CloseProfile {
    void operator()(void* profile) const { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, CloseProfile>;
struct CloseTransform {
    void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Transform = std::unique_ptr<void, CloseTransform>;

constexpr std::array<double, 8> kSrgbChromaticities = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
// A profile whose colours differ by less than half an 8-bit step is sRGB.
constexpr float kSameColor = 0.5f / 255;

Profile makeRgb(const std::array<double, 8>& c, double decodeExponent) {
    const cmsCIExyY white = {c[0], c[1], 1};
    const cmsCIExyYTRIPLE primaries = {{c[2], c[3], 1}, {c[4], c[5], 1}, {c[6], c[7], 1}};
    cmsToneCurve* curve = cmsBuildGamma(nullptr, decodeExponent);
    if (!curve) return nullptr;
    cmsToneCurve* const curves[3] = {curve, curve, curve};
    Profile profile(cmsCreateRGBProfile(&white, &primaries, curves));
    cmsFreeToneCurve(curve);
    return profile;
}

std::string describe(void* profile) {
    char text[256] = {};
    cmsGetProfileInfoASCII(profile, cmsInfoDescription, "en", "US", text, sizeof text - 1);
    return cleanText(std::string_view(text).substr(0, 255));
}

struct Plan {
    Transform transform;
    ColorSpace space = ColorSpace::Srgb;
    bool same = false; ///< already in `space`
};

Transform makeTransform(void* from, cmsUInt32Number type, void* to) {
    return Transform(cmsCreateTransform(from, type, to, TYPE_RGB_FLT, INTENT_RELATIVE_COLORIMETRIC,
                                        cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE));
}

/// Which of our spaces the profile is, or how to come to sRGB (to linear where the profile is linear).
Plan planFor(void* from, cmsUInt32Number type, int inputs) {
    Plan plan;
    const Profile srgb(cmsCreate_sRGBProfile());
    const Profile linear = makeRgb(kSrgbChromaticities, 1.0);
    if (!srgb || !linear) return plan;
    plan.transform = makeTransform(from, type, srgb.get());
    if (!plan.transform || inputs != 3) return plan;
    const float probes[7][3] = {{.5f, .5f, .5f}, {1, 0, 0},       {0, 1, 0}, {0, 0, 1},
                                {.2f, .6f, .4f}, {.1f, .1f, .1f}, {1, 1, 1}};
    float out[7][3];
    cmsDoTransform(plan.transform.get(), probes, out, 7);
    float off = 0;
    for (int i = 0; i < 7; ++i)
        for (int c = 0; c < 3; ++c) off = std::max(off, std::fabs(out[i][c] - probes[i][c]));
    plan.same = off < kSameColor;
    if (!plan.same && std::fabs(out[0][1] - linearToSrgb(0.5f)) < 0.01f) {
        plan.transform = makeTransform(from, type, linear.get());
        plan.space = ColorSpace::Linear;
    }
    return plan;
}

void convertRgb(Image& image, const Plan& plan, const Cancel& cancel) {
    const auto channels = static_cast<std::size_t>(image.channels());
    float* const values = image.edit().data();
    TaskPool::shared().parallelFor(
        image.pixelCount(), pixels::kGrain,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> block((end - begin) * 3);
            for (std::size_t i = begin; i < end; ++i)
                std::copy_n(values + i * channels, 3, &block[(i - begin) * 3]);
            cmsDoTransform(plan.transform.get(), block.data(), block.data(),
                           static_cast<cmsUInt32Number>(end - begin));
            for (std::size_t i = begin; i < end; ++i)
                std::copy_n(&block[(i - begin) * 3], 3, values + i * channels);
        },
        cancel);
}

void convertGrey(Image& image, const Plan& plan, const Cancel& cancel) {
    pixels::forEachPixel(
        image,
        [&](float* p, int) {
            float rgb[3];
            cmsDoTransform(plan.transform.get(), p, rgb, 1);
            p[0] = rgb[1];
        },
        cancel);
}

/// Inks to RGB; without a profile by the plain subtractive formula.
Image convertCmyk(const Image& image, const Plan& plan, const Cancel& cancel) {
    Image out(image.width(), image.height(), 3);
    const float* from = image.values().data();
    float* to = out.edit().data();
    TaskPool::shared().parallelFor(
        image.pixelCount(), pixels::kGrain,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const float* ink = from + i * 4;
                float* rgb = to + i * 3;
                if (plan.transform) {
                    const float percent[4] = {ink[0] * 100, ink[1] * 100, ink[2] * 100, ink[3] * 100};
                    cmsDoTransform(plan.transform.get(), percent, rgb, 1);
                } else {
                    for (int c = 0; c < 3; ++c) rgb[c] = (1 - ink[c]) * (1 - ink[3]);
                }
            }
        },
        cancel);
    return out;
}

void applyPlan(Picture& picture, const Plan& plan, const Source& source) {
    picture.space = plan.space;
    if (plan.same || picture.image.empty()) return;
    if (picture.channels <= 2)
        convertGrey(picture.image, plan, source.cancel);
    else
        convertRgb(picture.image, plan, source.cancel);
}

void resolveProfile(Picture& picture, const Source& source) {
    Profile profile(
        cmsOpenProfileFromMem(picture.icc.data(), static_cast<cmsUInt32Number>(picture.icc.size())));
    const auto model = profile ? cmsGetColorSpace(profile.get()) : cmsSigNamedData;
    const bool grey = model == cmsSigGrayData && picture.channels <= 2;
    const bool rgb =
        model == cmsSigRgbData && (picture.channels == 3 || picture.channels == 4) && !picture.cmyk;
    const bool inks = model == cmsSigCmykData && picture.cmyk;
    Plan plan;
    if (grey)
        plan = planFor(profile.get(), TYPE_GRAY_FLT, 1);
    else if (rgb)
        plan = planFor(profile.get(), TYPE_RGB_FLT, 3);
    else if (inks)
        plan = planFor(profile.get(), TYPE_CMYK_FLT, 4);
    if (!plan.transform) {
        log::warning("{}: its colour profile cannot be used; the colours are taken as sRGB", source.subject);
        return;
    }
    picture.metadata["ICC:Description"] = describe(profile.get());
    if (!plan.same) picture.metadata["ICC:Converted"] = name(plan.space);
    if (inks) {
        if (!picture.image.empty()) picture.image = convertCmyk(picture.image, plan, source.cancel);
    } else {
        applyPlan(picture, plan, source);
    }
}

/// PNG's gAMA and cHRM.
void resolveGamma(Picture& picture, const Source& source) {
    const bool ownPrimaries = std::any_of(picture.chromaticities.begin(), picture.chromaticities.end(),
                                          [](double v) { return v != 0; });
    bool samePrimaries = true;
    for (std::size_t i = 0; i < 8 && ownPrimaries; ++i)
        samePrimaries =
            samePrimaries && std::fabs(picture.chromaticities[i] - kSrgbChromaticities[i]) < 0.002;
    const double gamma = picture.gamma > 0 ? picture.gamma : 0.45455;
    if (samePrimaries && std::fabs(gamma - 0.45455) < 0.01) return;
    if (samePrimaries && std::fabs(gamma - 1) < 0.01) {
        picture.space = ColorSpace::Linear;
        return;
    }
    if (picture.channels >= 3 && !samePrimaries && gamma > 0.05 && gamma < 20) {
        const Profile profile = makeRgb(picture.chromaticities, 1 / gamma);
        Plan plan = profile ? planFor(profile.get(), TYPE_RGB_FLT, 3) : Plan{};
        if (plan.transform) return applyPlan(picture, plan, source);
        log::warning("{}: its primaries cannot be used; the colours are taken as sRGB", source.subject);
    }
    if (picture.image.empty() || gamma < 0.05 || gamma > 20) return;
    pixels::forEachPixel(
        picture.image,
        [&](float* p, int colors) {
            for (int c = 0; c < colors; ++c)
                p[c] = linearToSrgb(std::pow(p[c], static_cast<float>(1 / gamma)));
        },
        source.cancel);
}

void resolveColor(Picture& picture, const Source& source) {
    if (source.options.colorSpace && !picture.cmyk) {
        picture.space = *source.options.colorSpace;
        return;
    }
    if (!picture.icc.empty())
        resolveProfile(picture, source);
    else if (picture.gamma > 0 || picture.chromaticities[0] > 0)
        resolveGamma(picture, source);
    else if (const auto mark = picture.metadata.find("ochre:colorspace"); mark != picture.metadata.end()) {
        try {
            picture.space = colorSpaceFromName(mark->second);
        } catch (const Error&) {
            log::warning("{}: colour space \"{}\" is not known and was left out", source.subject,
                         mark->second);
        }
    }
    if (picture.cmyk && !picture.image.empty() && picture.image.channels() == 4)
        picture.image = convertCmyk(picture.image, {}, source.cancel);
    if (picture.cmyk) picture.channels = 3;
}

} // namespace

void finishPicture(Picture& picture, const Source& source) {
    if (!source.options.applyOrientation)
        picture.orientation = 1;
    else if (picture.metadata.contains("Exif:Orientation"))
        picture.metadata["Exif:Orientation"] = "1";
    if (picture.premultiplied && !picture.image.empty())
        picture.image = unpremultiplied(picture.image, source.cancel);
    resolveColor(picture, source);
    picture.metadata.erase("ochre:colorspace");
    if (!picture.image.empty()) {
        picture.image.setColorSpace(picture.space);
        picture.image = oriented(picture.image, picture.orientation, source.cancel);
    }
    if (picture.orientation >= 5) std::swap(picture.width, picture.height);
}

} // namespace ochre::codec
