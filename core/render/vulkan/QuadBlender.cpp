// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/QuadBlender.h"

#include <array>

#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

constexpr std::array<Binding, 2> kBindings{Binding::Texels, Binding::Texels};

VkShaderModule loadModule(VkDevice device, std::span<const std::uint32_t> spirv) {
    const VkShaderModuleCreateInfo info{.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = spirv.size_bytes(),
                                        .pCode = spirv.data()};
    VkShaderModule module = VK_NULL_HANDLE;
    check(vkCreateShaderModule(device, &info, nullptr, &module), "loading a shader");
    return module;
}

} // namespace

bool QuadBlender::supported(const Device& device) {
    constexpr VkFormatFeatureFlags kNeeded = VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BLEND_BIT | VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT;
    return device.draws() && (device.formatFeatures(Texture::kFormat) & kNeeded) == kNeeded;
}

QuadBlender::QuadBlender(Device& device) : m_device(device) {
    makePass();
    makePipeline();
}

QuadBlender::~QuadBlender() {
    const VkDevice d = m_device.handle();
    vkDestroyFramebuffer(d, m_framebuffer, nullptr);
    vkDestroyPipeline(d, m_pipeline, nullptr);
    vkDestroyPipelineLayout(d, m_layout, nullptr);
    vkDestroyDescriptorSetLayout(d, m_setLayout, nullptr);
    vkDestroyRenderPass(d, m_pass, nullptr);
}

void QuadBlender::makePass() {
    const VkAttachmentDescription color{.format = Texture::kFormat, .samples = VK_SAMPLE_COUNT_1_BIT,
                                        .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR, .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
                                        .stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE,
                                        .stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
                                        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
                                        .finalLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
    const VkAttachmentReference reference{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    const VkSubpassDescription subpass{.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS, .colorAttachmentCount = 1,
                                       .pColorAttachments = &reference};
    // Before: the kernels' buffers and the last frame's reading. After: the kernel that reads the picture.
    const std::array<VkSubpassDependency, 2> dependencies{{
        {VK_SUBPASS_EXTERNAL, 0, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
         VK_PIPELINE_STAGE_VERTEX_SHADER_BIT | VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
         VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_SHADER_READ_BIT,
         VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_COLOR_ATTACHMENT_READ_BIT |
             VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
         0},
        {0, VK_SUBPASS_EXTERNAL, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
         VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT, VK_ACCESS_SHADER_READ_BIT, 0},
    }};
    const VkRenderPassCreateInfo info{.sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO, .attachmentCount = 1,
                                      .pAttachments = &color, .subpassCount = 1, .pSubpasses = &subpass,
                                      .dependencyCount = dependencies.size(), .pDependencies = dependencies.data()};
    check(vkCreateRenderPass(m_device.handle(), &info, nullptr, &m_pass), "making a render pass");
}

void QuadBlender::makePipeline() {
    const VkDevice d = m_device.handle();
    std::array<VkDescriptorSetLayoutBinding, 2> bindings{};
    for (std::uint32_t i = 0; i < bindings.size(); ++i)
        bindings[i] = {i, descriptorType(kBindings[i]), 1, VK_SHADER_STAGE_VERTEX_BIT, nullptr};
    const VkDescriptorSetLayoutCreateInfo set{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                              .bindingCount = bindings.size(), .pBindings = bindings.data()};
    check(vkCreateDescriptorSetLayout(d, &set, nullptr, &m_setLayout), "describing the quads' buffers");
    const VkPushConstantRange push{VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(shared::QuadParams)};
    const VkPipelineLayoutCreateInfo layout{.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, .setLayoutCount = 1,
                                            .pSetLayouts = &m_setLayout, .pushConstantRangeCount = 1, .pPushConstantRanges = &push};
    check(vkCreatePipelineLayout(d, &layout, nullptr, &m_layout), "laying out the quads");

    const VkShaderModule vertex = loadModule(d, shaders::QuadVertex), fragment = loadModule(d, shaders::QuadFragment);
    const std::array<VkPipelineShaderStageCreateInfo, 2> stages{{
        {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, .stage = VK_SHADER_STAGE_VERTEX_BIT, .module = vertex, .pName = "main"},
        {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, .stage = VK_SHADER_STAGE_FRAGMENT_BIT, .module = fragment, .pName = "main"},
    }};
    const VkPipelineVertexInputStateCreateInfo input{.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
    const VkPipelineInputAssemblyStateCreateInfo assembly{.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
                                                          .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP};
    const VkPipelineViewportStateCreateInfo viewport{.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
                                                     .viewportCount = 1, .scissorCount = 1};
    const VkPipelineRasterizationStateCreateInfo raster{.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
                                                        .polygonMode = VK_POLYGON_MODE_FILL, .cullMode = VK_CULL_MODE_NONE,
                                                        .lineWidth = 1};
    const VkPipelineMultisampleStateCreateInfo samples{.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
                                                       .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT};
    const VkPipelineColorBlendAttachmentState under{
        VK_TRUE, VK_BLEND_FACTOR_ONE_MINUS_DST_ALPHA, VK_BLEND_FACTOR_ONE, VK_BLEND_OP_ADD, VK_BLEND_FACTOR_ONE_MINUS_DST_ALPHA,
        VK_BLEND_FACTOR_ONE, VK_BLEND_OP_ADD, 0xf};
    const VkPipelineColorBlendStateCreateInfo blend{.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
                                                    .attachmentCount = 1, .pAttachments = &under};
    const std::array<VkDynamicState, 2> dynamic{VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
    const VkPipelineDynamicStateCreateInfo dynamics{.sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO,
                                                    .dynamicStateCount = dynamic.size(), .pDynamicStates = dynamic.data()};
    const VkGraphicsPipelineCreateInfo info{.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO, .stageCount = stages.size(),
                                            .pStages = stages.data(), .pVertexInputState = &input, .pInputAssemblyState = &assembly,
                                            .pViewportState = &viewport, .pRasterizationState = &raster,
                                            .pMultisampleState = &samples, .pColorBlendState = &blend, .pDynamicState = &dynamics,
                                            .layout = m_layout, .renderPass = m_pass};
    const VkResult made = vkCreateGraphicsPipelines(d, VK_NULL_HANDLE, 1, &info, nullptr, &m_pipeline);
    vkDestroyShaderModule(d, vertex, nullptr);
    vkDestroyShaderModule(d, fragment, nullptr);
    check(made, "making the quads' pipeline");
}

void QuadBlender::resize(std::uint32_t width, std::uint32_t height) {
    if (m_texture.width() == width && m_texture.height() == height) return;
    vkDestroyFramebuffer(m_device.handle(), m_framebuffer, nullptr);
    m_framebuffer = VK_NULL_HANDLE;
    m_texture = Texture();
    m_texture = Texture(m_device, width, height, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT);
    const VkImageView view = m_texture.view();
    const VkFramebufferCreateInfo info{.sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO, .renderPass = m_pass,
                                       .attachmentCount = 1, .pAttachments = &view, .width = width, .height = height, .layers = 1};
    check(vkCreateFramebuffer(m_device.handle(), &info, nullptr, &m_framebuffer), "making a framebuffer");
}

void QuadBlender::record(Commands& commands, std::uint32_t width, std::uint32_t height, std::uint32_t count,
                         const std::array<const Buffer*, 2>& splats) {
    resize(width, height);
    const VkDescriptorSet set = commands.bufferSet(m_setLayout, kBindings, splats);
    const VkCommandBuffer c = commands.handle();
    const VkRect2D area{{0, 0}, {width, height}};
    const VkClearValue clear{};
    const VkRenderPassBeginInfo begin{.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO, .renderPass = m_pass,
                                      .framebuffer = m_framebuffer, .renderArea = area, .clearValueCount = 1, .pClearValues = &clear};
    const VkViewport viewport{0, 0, static_cast<float>(width), static_cast<float>(height), 0, 1};
    const shared::QuadParams p{static_cast<float>(width), static_cast<float>(height)};
    vkCmdBeginRenderPass(c, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(c, VK_PIPELINE_BIND_POINT_GRAPHICS, m_pipeline);
    vkCmdSetViewport(c, 0, 1, &viewport);
    vkCmdSetScissor(c, 0, 1, &area);
    vkCmdBindDescriptorSets(c, VK_PIPELINE_BIND_POINT_GRAPHICS, m_layout, 0, 1, &set, 0, nullptr);
    vkCmdPushConstants(c, m_layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof p, &p);
    if (count > 0) vkCmdDraw(c, 4, count, 0, 0);
    vkCmdEndRenderPass(c);
}

} // namespace ochre::vk
