// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/Device.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/render/Renderer.h"

namespace ochre::vk {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

const char* words(VkResult result) {
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY: return "out of memory";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "the device is out of memory";
    case VK_ERROR_INITIALIZATION_FAILED: return "initialisation failed";
    case VK_ERROR_DEVICE_LOST: return "the device was lost";
    case VK_ERROR_LAYER_NOT_PRESENT: return "a layer is not installed";
    case VK_ERROR_EXTENSION_NOT_PRESENT: return "an extension is not there";
    case VK_ERROR_INCOMPATIBLE_DRIVER: return "no driver fits";
    case VK_TIMEOUT: return "no answer in time";
    default: return "failed";
    }
}

bool layerInstalled(const char* name) {
    std::uint32_t count = 0;
    vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    vkEnumerateInstanceLayerProperties(&count, layers.data());
    return std::any_of(layers.begin(), layers.end(), [&](const auto& l) { return std::strcmp(l.layerName, name) == 0; });
}

/// Discrete before integrated before virtual before CPU.
int rank(VkPhysicalDeviceType type) {
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return 3;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return 2;
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return 1;
    default: return 0;
    }
}

struct Family {
    int index = -1;
    bool draws = false;
};

/// One that computes, and draws as well if there is such a one.
Family chooseFamily(VkPhysicalDevice device) {
    std::uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    Family best;
    for (std::uint32_t i = 0; i < count; ++i) {
        const bool draws = families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT;
        if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) && (best.index < 0 || (draws && !best.draws)))
            best = {static_cast<int>(i), draws};
    }
    return best;
}

} // namespace

void check(VkResult result, const char* what) {
    if (result == VK_SUCCESS) return;
    if (result == VK_ERROR_DEVICE_LOST) throw DeviceLost(fmt::format("Vulkan: {}: {}", what, words(result)), "check the graphics driver");
    const bool memory = result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY;
    throw Error(fmt::format("Vulkan: {}: {} ({})", what, words(result), static_cast<int>(result)),
                memory ? "close other programs that use the graphics card, or use the CPU renderer"
                       : "use the CPU renderer, and check the graphics driver",
                memory ? ErrorKind::Memory : ErrorKind::Failed);
}

Device::Device(bool validation, bool manyLanes) : m_manyLanes(manyLanes) {
    try {
        makeInstance(validation);
        choosePhysicalDevice();
        makeDevice();
    } catch (...) {
        destroy();
        throw;
    }
}

Device::~Device() {
    destroy();
}

void Device::destroy() {
    if (m_device) {
        vkDeviceWaitIdle(m_device);
        vkDestroyDevice(m_device, nullptr);
    }
    if (m_messenger) {
        const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
            vkGetInstanceProcAddr(m_instance, "vkDestroyDebugUtilsMessengerEXT"));
        destroy(m_instance, m_messenger, nullptr);
    }
    if (m_instance) vkDestroyInstance(m_instance, nullptr);
}

void Device::makeInstance(bool validation) {
    if (validation && !layerInstalled(kValidationLayer)) {
        log::warning("Vulkan's validation layer is not installed; running without it");
        validation = false;
    }
    VkApplicationInfo app{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pApplicationName = "Ochre", .apiVersion = VK_API_VERSION_1_2};
    VkDebugUtilsMessengerCreateInfoEXT messenger{
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
        .pfnUserCallback = onMessage,
        .pUserData = this};
    const VkValidationFeatureEnableEXT synchronization = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    VkValidationFeaturesEXT features{.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT, .pNext = &messenger,
                                     .enabledValidationFeatureCount = 1, .pEnabledValidationFeatures = &synchronization};
    const char* layers[] = {kValidationLayer};
    const char* extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    VkInstanceCreateInfo info{.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app};
    if (validation) {
        info.pNext = &features;
        info.enabledLayerCount = 1;
        info.ppEnabledLayerNames = layers;
        info.enabledExtensionCount = 1;
        info.ppEnabledExtensionNames = extensions;
    }
    check(vkCreateInstance(&info, nullptr, &m_instance), "starting");
    if (!validation) return;
    const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(m_instance, "vkCreateDebugUtilsMessengerEXT"));
    check(create(m_instance, &messenger, nullptr, &m_messenger), "listening to the validation layer");
}

VkBool32 Device::onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                           const VkDebugUtilsMessengerCallbackDataEXT* data, void* self) {
    ++static_cast<Device*>(self)->m_messages;
    log::error("Vulkan validation: {}", data->pMessage);
    return VK_FALSE;
}

void Device::choosePhysicalDevice() {
    std::uint32_t count = 0;
    vkEnumeratePhysicalDevices(m_instance, &count, nullptr);
    std::vector<VkPhysicalDevice> devices(count);
    vkEnumeratePhysicalDevices(m_instance, &count, devices.data());
    int best = -1;
    for (const VkPhysicalDevice device : devices) {
        VkPhysicalDeviceProperties p;
        vkGetPhysicalDeviceProperties(device, &p);
        const Family family = chooseFamily(device);
        if (p.apiVersion < VK_API_VERSION_1_2 || family.index < 0 || rank(p.deviceType) <= best) continue;
        best = rank(p.deviceType);
        m_physical = device;
        m_queueFamily = static_cast<std::uint32_t>(family.index);
        m_draws = family.draws;
        m_limits = p.limits;
        m_name = p.deviceName;
        m_isCpu = p.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    }
    if (!m_physical)
        throw Error("Vulkan: no device of version 1.2 or later was found", "install your graphics card's Vulkan driver, or "
                                                                            "mesa-vulkan-drivers; the CPU renderer works without");
    vkGetPhysicalDeviceMemoryProperties(m_physical, &m_memory);
}

void Device::makeDevice() {
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue{.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueFamilyIndex = m_queueFamily,
                                        .queueCount = 1, .pQueuePriorities = &priority};
    const VkDeviceCreateInfo info{.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1,
                                  .pQueueCreateInfos = &queue};
    check(vkCreateDevice(m_physical, &info, nullptr, &m_device), "opening the device");
    vkGetDeviceQueue(m_device, m_queueFamily, 0, &m_queue);
}

VkFormatFeatureFlags Device::formatFeatures(VkFormat format) const {
    VkFormatProperties properties;
    vkGetPhysicalDeviceFormatProperties(m_physical, format, &properties);
    return properties.optimalTilingFeatures;
}

VkDeviceMemory Device::allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags required) {
    for (const VkMemoryPropertyFlags flags : {wanted | required, required})
        for (std::uint32_t i = 0; i < m_memory.memoryTypeCount; ++i) {
            if (!(needs.memoryTypeBits >> i & 1) || (m_memory.memoryTypes[i].propertyFlags & flags) != flags) continue;
            const VkMemoryAllocateInfo info{.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size,
                                            .memoryTypeIndex = i};
            VkDeviceMemory memory = VK_NULL_HANDLE;
            if (vkAllocateMemory(m_device, &info, nullptr, &memory) == VK_SUCCESS) return memory;
        }
    throw Error(fmt::format("Vulkan: no memory for {:.1f} MB on {}", static_cast<double>(needs.size) / 1e6, m_name),
                "close other programs that use the graphics card, or use the CPU renderer", ErrorKind::Memory);
}

Buffer::Buffer(Device& device, VkDeviceSize bytes, Use use, Texels texels) : m_device(&device), m_size(std::max<VkDeviceSize>(bytes, 16)) {
    const VkDeviceSize texel = texels == Texels::Fours ? 16 : 4;
    VkDeviceSize most = device.limits().maxStorageBufferRange;
    if (texels == Texels::Fours) most = texel * device.limits().maxTexelBufferElements;
    if (texels == Texels::Words) most = std::min(most, texel * device.limits().maxTexelBufferElements);
    if (m_size > most)
        throw Error(fmt::format("Vulkan: a buffer of {:.1f} MB: {} allows {:.1f} MB", static_cast<double>(m_size) / 1e6, device.name(),
                                static_cast<double>(most) / 1e6),
                    "use the CPU renderer for this scene", ErrorKind::Memory);
    VkBufferUsageFlags usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    if (texels != Texels::Fours) usage |= VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
    if (texels != Texels::None) usage |= VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT;
    if (texels == Texels::Fours) usage |= VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT;
    const VkBufferCreateInfo info{.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = m_size, .usage = usage};
    check(vkCreateBuffer(device.handle(), &info, nullptr, &m_buffer), "making a buffer");
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device.handle(), m_buffer, &needs);
    constexpr VkMemoryPropertyFlags kSeen = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    try {
        m_memory = use == Use::Device   ? device.allocate(needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0)
                   : use == Use::Upload ? device.allocate(needs, 0, kSeen)
                                        : device.allocate(needs, VK_MEMORY_PROPERTY_HOST_CACHED_BIT, kSeen);
        device.m_held += m_size;
        check(vkBindBufferMemory(device.handle(), m_buffer, m_memory, 0), "binding a buffer");
        if (use != Use::Device) check(vkMapMemory(device.handle(), m_memory, 0, m_size, 0, &m_mapped), "mapping a buffer");
        if (texels == Texels::None) return;
        const VkBufferViewCreateInfo view{.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO, .buffer = m_buffer,
                                          .format = texels == Texels::Fours ? VK_FORMAT_R32G32B32A32_UINT : VK_FORMAT_R32_UINT,
                                          .range = m_size / texel * texel};
        check(vkCreateBufferView(device.handle(), &view, nullptr, &m_view), "making a buffer's view");
    } catch (...) {
        destroy();
        throw;
    }
}

Buffer::~Buffer() {
    destroy();
}

void Buffer::destroy() {
    if (m_view) vkDestroyBufferView(m_device->handle(), m_view, nullptr);
    if (m_buffer) vkDestroyBuffer(m_device->handle(), m_buffer, nullptr);
    if (!m_memory) return;
    vkFreeMemory(m_device->handle(), m_memory, nullptr);
    m_device->m_held -= m_size;
}

void Buffer::swap(Buffer& other) noexcept {
    std::swap(m_device, other.m_device);
    std::swap(m_buffer, other.m_buffer);
    std::swap(m_memory, other.m_memory);
    std::swap(m_view, other.m_view);
    std::swap(m_size, other.m_size);
    std::swap(m_mapped, other.m_mapped);
}

VkDescriptorType descriptorType(Binding binding) {
    switch (binding) {
    case Binding::Texels: return VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
    case Binding::StoredTexels: return VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER;
    case Binding::Picture: return VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
    default: return VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    }
}

std::vector<Binding> bindingsOf(std::string_view letters) {
    std::vector<Binding> bindings;
    for (const char c : letters)
        bindings.push_back(c == 't' ? Binding::Texels : c == 'w' ? Binding::StoredTexels : c == 'p' ? Binding::Picture : Binding::Storage);
    return bindings;
}

Kernel::Kernel(Device& device, std::span<const std::uint32_t> spirv, std::uint32_t buffers, std::uint32_t pushBytes, bool sampler)
    : Kernel(device, spirv, (sampler ? "p" : "") + std::string(buffers - (sampler ? 1 : 0), 's'), pushBytes) {}

Kernel::Kernel(Device& device, std::span<const std::uint32_t> spirv, std::string_view letters, std::uint32_t pushBytes,
               std::initializer_list<std::uint32_t> constants)
    : m_device(device), m_bindings(bindingsOf(letters)) {
    const auto count = static_cast<std::uint32_t>(m_bindings.size());
    std::vector<VkDescriptorSetLayoutBinding> bindings(count);
    for (std::uint32_t i = 0; i < count; ++i)
        bindings[i] = {.binding = i, .descriptorType = descriptorType(m_bindings[i]), .descriptorCount = 1,
                       .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    const VkDescriptorSetLayoutCreateInfo set{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                              .bindingCount = count, .pBindings = bindings.data()};
    check(vkCreateDescriptorSetLayout(device.handle(), &set, nullptr, &m_setLayout), "describing a kernel's buffers");
    const VkPushConstantRange push{VK_SHADER_STAGE_COMPUTE_BIT, 0, pushBytes};
    const VkPipelineLayoutCreateInfo layout{.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, .setLayoutCount = 1,
                                            .pSetLayouts = &m_setLayout, .pushConstantRangeCount = 1, .pPushConstantRanges = &push};
    check(vkCreatePipelineLayout(device.handle(), &layout, nullptr, &m_layout), "laying out a kernel");
    const VkShaderModuleCreateInfo code{.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = spirv.size_bytes(),
                                        .pCode = spirv.data()};
    VkShaderModule module = VK_NULL_HANDLE;
    check(vkCreateShaderModule(device.handle(), &code, nullptr, &module), "loading a shader");
    std::vector<VkSpecializationMapEntry> entries;
    for (std::uint32_t i = 0; i < constants.size(); ++i) entries.push_back({i, 4 * i, 4});
    const VkSpecializationInfo special{static_cast<std::uint32_t>(entries.size()), entries.data(), 4 * constants.size(), std::data(constants)};
    const VkComputePipelineCreateInfo info{
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module, .pName = "main", .pSpecializationInfo = &special},
        .layout = m_layout};
    const VkResult made = vkCreateComputePipelines(device.handle(), VK_NULL_HANDLE, 1, &info, nullptr, &m_pipeline);
    vkDestroyShaderModule(device.handle(), module, nullptr);
    check(made, "making a kernel");
}

Kernel::~Kernel() {
    vkDestroyPipeline(m_device.handle(), m_pipeline, nullptr);
    vkDestroyPipelineLayout(m_device.handle(), m_layout, nullptr);
    vkDestroyDescriptorSetLayout(m_device.handle(), m_setLayout, nullptr);
}

} // namespace ochre::vk
