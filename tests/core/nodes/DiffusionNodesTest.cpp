// SPDX-License-Identifier: GPL-3.0-or-later
// Prompt to picture through the nodes, as the window runs them.
#include <cmath>
#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/graph/Executor.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/CheckpointShapes.h"
#include "core/nodes/ModelTypes.h"
#include "core/nodes/Types.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

using graph::Graph;
using graph::NodeId;

/// load → two prompts → empty → sample → decode, of 64×64 pixels in 3 steps.
class DiffusionNodes : public testing::Test {
protected:
    DiffusionNodes() : m_executor(m_registry, std::make_shared<graph::Cache>()) {
        ::setenv("OCHRE_MODELS_DIR", m_models.path().c_str(), 1);
        registerNodes(m_registry);
        m_registry.setRuntimeLoader(bindModelNodes);
        m_registry.addCatalogue(modelNodeCatalogue());
        m_load = add("generate.load_checkpoint");
        set(m_load, "checkpoint", test::smallCheckpoint().string());
        set(m_load, "precision", std::string("float32"));
        m_positive = add("generate.prompt");
        set(m_positive, "text", std::string("a cat on a wall"));
        m_negative = add("generate.prompt");
        m_empty = add("latent.empty");
        set(m_empty, "width", std::int64_t{64});
        set(m_empty, "height", std::int64_t{64});
        m_sample = add("generate.sample");
        set(m_sample, "steps", std::int64_t{3});
        set(m_sample, "seed", std::int64_t{5});
        m_decode = add("latent.decode");
        for (const NodeId prompt : {m_positive, m_negative})
            link(m_load, "text_encoder", prompt, "text_encoder");
        link(m_load, "model", m_sample, "model");
        link(m_positive, "conditioning", m_sample, "positive");
        link(m_negative, "conditioning", m_sample, "negative");
        link(m_empty, "latent", m_sample, "latent");
        link(m_sample, "latent", m_decode, "latent");
        link(m_load, "autoencoder", m_decode, "autoencoder");
    }
    ~DiffusionNodes() override { ::unsetenv("OCHRE_MODELS_DIR"); }

    NodeId add(const std::string& type) {
        graph::Node node;
        node.type = type;
        return m_graph.add(std::move(node));
    }
    void set(NodeId node, const std::string& id, graph::ParameterValue value) {
        m_graph.setParameter(node, id, std::move(value));
    }
    void link(NodeId from, const std::string& output, NodeId to, const std::string& input) {
        m_graph.connect({from, output}, to, input);
    }
    graph::Result evaluate(NodeId target, graph::Request request = {}) {
        request.graph = m_graph;
        request.targets = {target};
        return m_executor.evaluate(request);
    }
    Image picture(bool cached = true) {
        graph::Request request;
        request.useCache = cached;
        const graph::Result result = evaluate(m_decode, std::move(request));
        for (const auto& [id, state] : result.states)
            if (state.error) ADD_FAILURE() << m_graph.at(id).type << ": " << state.error->full();
        return result.ok ? result.output(m_decode, "image").as<Image>() : Image();
    }
    /// The failure of that node.
    Error failure(NodeId node, NodeId target) {
        const graph::Result result = evaluate(target);
        const auto it = result.states.find(node);
        if (it == result.states.end() || it->second.status != graph::NodeStatus::Failed ||
            !it->second.error) {
            ADD_FAILURE() << m_graph.at(node).type << " did not fail";
            return Error("nothing");
        }
        EXPECT_FALSE(it->second.error->hint().empty()) << it->second.error->message();
        return *it->second.error;
    }
    static bool says(const Error& error, const std::string& part) {
        if (error.full().find(part) != std::string::npos) return true;
        ADD_FAILURE() << error.full();
        return false;
    }
    static bool same(const Image& a, const Image& b) {
        return a.width() == b.width() && a.height() == b.height() &&
               std::ranges::equal(a.values(), b.values());
    }

    test::TemporaryFolder m_models;
    graph::NodeRegistry m_registry;
    graph::Executor m_executor;
    Graph m_graph;
    NodeId m_load, m_positive, m_negative, m_empty, m_sample, m_decode;
};

TEST_F(DiffusionNodes, APromptBecomesAPictureThatSaysHowItWasMade) {
    const Image image = picture();
    ASSERT_EQ(image.width(), 64);
    ASSERT_EQ(image.height(), 64);
    ASSERT_EQ(image.channels(), 3);
    EXPECT_EQ(digitalSourceTypeOf(image), DigitalSourceType::TrainedAlgorithmicMedia);
    const std::string text = image.metadata().at("parameters");
    for (const char* part : {"a cat on a wall", "Steps: 3, Sampler: Euler",
                             "CFG scale: 7, Seed: 5, Size: 64x64", "Model: sd15-small", "RNG: CPU"})
        EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_TRUE(same(picture(false), image)) << "the same graph gives the same bytes";
}

TEST_F(DiffusionNodes, OnlyWhatASettingTouchesRunsAgain) {
    const Image first = picture();
    EXPECT_EQ(evaluate(m_decode).ran, 0u);
    set(m_sample, "seed", std::int64_t{6});
    const graph::Result result = evaluate(m_decode);
    EXPECT_EQ(result.ran, 2u) << "sampler and decoder";
    EXPECT_FALSE(same(result.output(m_decode, "image").as<Image>(), first));
    set(m_negative, "text", std::string("grey"));
    EXPECT_EQ(evaluate(m_decode).ran, 3u);
}

TEST_F(DiffusionNodes, ABatchComesOutAsAList) {
    set(m_empty, "batch", std::int64_t{3});
    const NodeId grid = add("flow.grid");
    set(grid, "columns", std::int64_t{3});
    set(grid, "gap", std::int64_t{0});
    link(m_decode, "images", grid, "images");
    const graph::Result result = evaluate(grid);
    ASSERT_TRUE(result.ok);
    EXPECT_EQ(result.output(grid, "image").as<Image>().width(), 3 * 64);
}

TEST_F(DiffusionNodes, PictureToPictureKeepsMoreWithLessDenoise) {
    const NodeId constant = add("image.constant"), encode = add("latent.encode");
    set(constant, "width", std::int64_t{64});
    set(constant, "height", std::int64_t{64});
    link(constant, "image", encode, "image");
    link(m_load, "autoencoder", encode, "autoencoder");
    link(encode, "latent", m_sample, "latent");
    const auto moved = [&](double denoise) {
        set(m_sample, "denoise", denoise);
        const auto before = evaluate(encode).output(encode, "latent").as<models::LatentBatch>();
        const auto after = evaluate(m_sample).output(m_sample, "latent").as<models::LatentBatch>();
        return nn::meanAbsDifference(before.samples, after.samples);
    };
    EXPECT_EQ(moved(0), 0);
    const double some = moved(0.3);
    EXPECT_GT(some, 0);
    EXPECT_GT(moved(1), some);
}

TEST_F(DiffusionNodes, StepsArePreviewedAndTheRunStopsBetweenThem) {
    set(m_sample, "steps", std::int64_t{2000});
    graph::Request request;
    request.cancel = Cancel::make();
    int previews = 0;
    request.listener.onPreview = [&](NodeId node, const std::string& output, const graph::Value& value) {
        EXPECT_EQ(node, m_sample);
        EXPECT_EQ(output, "latent");
        EXPECT_EQ(value.as<Image>().width(), 8);
        if (++previews == 2) request.cancel.request();
    };
    const graph::Result result = evaluate(m_decode, request);
    EXPECT_TRUE(result.cancelled);
    EXPECT_GE(previews, 2);
}

/// kohya's names; queries of the first attention, of `width` channels.
void writeLora(const std::filesystem::path& path, std::int64_t width) {
    const std::string name = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q";
    models::makeCheckpoint(
        path, {{"", {{name + ".lora_up.weight", {width, 2}}, {name + ".lora_down.weight", {2, width}}}}});
}

TEST_F(DiffusionNodes, LorasChangeThePictureByNodeAndByTheNameInThePrompt) {
    std::filesystem::create_directories(m_models / "loras");
    writeLora(m_models.path() / "loras" / "style.safetensors", 32);
    const Image plain = picture();
    set(m_positive, "text", std::string("a cat on a wall<lora:style:0.8>"));
    EXPECT_TRUE(says(failure(m_positive, m_decode), "no model is linked"));
    link(m_load, "model", m_positive, "model");
    link(m_positive, "model", m_sample, "model");
    const Image named = picture();
    EXPECT_FALSE(same(named, plain));

    set(m_positive, "text", std::string("a cat on a wall"));
    EXPECT_TRUE(same(picture(), plain));
    const NodeId lora = add("generate.lora");
    set(lora, "lora", std::string("style"));
    set(lora, "strength_model", 0.8);
    link(m_load, "model", lora, "model");
    link(lora, "model", m_sample, "model");
    EXPECT_TRUE(same(picture(), named)) << "the same weights by either way";

    writeLora(m_models.path() / "loras" / "large.safetensors", 640);
    set(lora, "lora", std::string("large"));
    EXPECT_TRUE(says(failure(lora, m_decode), "640"));
    set(m_positive, "text", std::string("<lora:nowhere:1>"));
    EXPECT_TRUE(says(failure(m_positive, m_positive), "the LoRA \"nowhere\" is not there"));
}

TEST_F(DiffusionNodes, ControlNetAndClipSkipChangeThePicture) {
    const Image plain = picture();
    const NodeId load = add("generate.load_controlnet"), apply = add("generate.apply_controlnet"),
                 hint = add("image.constant");
    set(load, "controlnet", test::smallControlNet().string());
    set(load, "precision", std::string("float32"));
    link(m_positive, "conditioning", apply, "positive");
    link(load, "controlnet", apply, "controlnet");
    link(hint, "image", apply, "image");
    link(apply, "positive", m_sample, "positive");
    EXPECT_FALSE(same(picture(), plain));
    set(apply, "strength", 0.0);
    EXPECT_TRUE(same(picture(), plain));
    const NodeId skip = add("generate.clip_skip");
    link(m_load, "text_encoder", skip, "text_encoder");
    link(skip, "text_encoder", m_positive, "text_encoder");
    EXPECT_FALSE(same(picture(), plain));
}

TEST_F(DiffusionNodes, PartsOfAScheduleAndOwnSigmasRun) {
    const NodeId first = add("generate.sample_advanced"), second = add("generate.sample_advanced");
    for (const NodeId node : {first, second}) {
        set(node, "steps", std::int64_t{3});
        set(node, "seed", std::int64_t{5});
        link(m_load, "model", node, "model");
        link(m_positive, "conditioning", node, "positive");
        link(m_negative, "conditioning", node, "negative");
    }
    set(first, "end_at_step", std::int64_t{1});
    set(first, "leftover_noise", true);
    set(second, "start_at_step", std::int64_t{1});
    set(second, "add_noise", false);
    link(m_empty, "latent", first, "latent");
    link(first, "latent", second, "latent");
    const auto whole = evaluate(m_sample).output(m_sample, "latent").as<models::LatentBatch>();
    const graph::Result parts = evaluate(second);
    ASSERT_TRUE(parts.ok);
    const auto joined = parts.output(second, "latent").as<models::LatentBatch>();
    EXPECT_LT(nn::maxAbsDifference(whole.samples, joined.samples), 1e-3 * nn::maxAbs(whole.samples));
}

TEST_F(DiffusionNodes, WithoutANameTheUsualCheckpointIsTakenAndTheKeyFollowsIt) {
    const test::StarterModel starter(test::smallCheckpoint("starter-small"));
    const auto family = [&] {
        const graph::Value model = evaluate(m_load).output(m_load, "model");
        return graph::TypeRegistry::shared().find(types::kModel)->modelFamily(model);
    };
    const Image named = picture();
    set(m_load, "checkpoint", std::string());
    EXPECT_EQ(family(), "starter");
    std::filesystem::create_directories(m_models / "checkpoints");
    std::filesystem::copy_file(test::smallCheckpoint(), m_models / "checkpoints/own.safetensors");
    EXPECT_EQ(family(), "sd1") << "the user's own, which was put there since";
    EXPECT_TRUE(same(picture(), named));
    EXPECT_EQ(evaluate(m_decode).ran, 0u);
    std::filesystem::copy_file(test::smallCheckpoint("sd2-small"), m_models / "checkpoints/a.safetensors");
    EXPECT_EQ(family(), "sd2") << "the first of them";
    set(m_load, "checkpoint", std::string("starter"));
    EXPECT_EQ(family(), "starter") << "by its name";
}

TEST_F(DiffusionNodes, WhatIsWrongIsSaidWithWhatToDo) {
    const test::StarterModel none;
    set(m_empty, "width", std::int64_t{7});
    EXPECT_TRUE(says(failure(m_empty, m_decode), "width is 7 px"));
    set(m_empty, "width", std::int64_t{64});
    set(m_load, "checkpoint", std::string("nowhere"));
    EXPECT_TRUE(says(failure(m_load, m_decode), "the checkpoint \"nowhere\" is not there"));
    set(m_load, "checkpoint", std::string());
    EXPECT_TRUE(says(failure(m_load, m_decode), "no checkpoint is chosen"));

    models::AutoencoderKl::Config vae;
    vae.widths = {32, 32, 32, 32};
    vae.stem = 32;
    models::makeCheckpoint(m_models / "vae.safetensors", {{"", vae.expected()}});
    set(m_load, "checkpoint", std::string("vae"));
    EXPECT_TRUE(says(failure(m_load, m_decode), "is an autoencoder (VAE), not a checkpoint"));

    models::makeCheckpoint(m_models / "bare.safetensors", {models::checkpointParts("sd15-small").front()});
    set(m_load, "checkpoint", std::string("bare"));
    EXPECT_TRUE(says(failure(m_positive, m_decode), "holds no text encoder"));
    const NodeId encode = add("latent.encode"), constant = add("image.constant");
    link(constant, "image", encode, "image");
    link(m_load, "autoencoder", encode, "autoencoder");
    EXPECT_TRUE(says(failure(encode, encode), "bare.safetensors: holds no autoencoder"));

    // The last bytes of the file are those of the last tensor.
    std::string bytes = readTextFile(test::smallCheckpoint(), std::size_t{1} << 30);
    const std::uint16_t nan = 0x7e00;
    std::memcpy(bytes.data() + bytes.size() - sizeof nan, &nan, sizeof nan);
    writeFileAtomic(m_models / "nan.safetensors", bytes);
    set(m_load, "checkpoint", std::string("nan"));
    const graph::Result damaged = evaluate(m_decode);
    EXPECT_FALSE(damaged.ok);
    writeFileAtomic(m_models / "cut.safetensors", bytes.substr(0, bytes.size() / 2));
    set(m_load, "checkpoint", std::string("cut"));
    EXPECT_FALSE(evaluate(m_decode).ok);
}

} // namespace
} // namespace ochre::nodes
