// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/distributed/DistributedGroup.h"

#include <chrono>

#define USE_C10D_GLOO 1
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::training {
namespace {

constexpr std::chrono::milliseconds kJoining = std::chrono::minutes(1);
constexpr std::chrono::milliseconds kAnswering = std::chrono::minutes(10); // a step of the slowest, samples between two steps

Error noAnswer(const char* what, const std::exception& error) {
    const std::string text = error.what();
    return Error(fmt::format("training with several processes: {}: {}", what, text.substr(0, text.find('\n'))),
                 "see whether all of them still run; resume with the same number of processes");
}

} // namespace

struct DistributedGroup::State {
    GroupAddress address;
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
};

DistributedGroup::DistributedGroup(const GroupAddress& address, const std::function<void(std::uint16_t)>& listening)
    : m_state(std::make_unique<State>()) {
    m_state->address = address;
    try {
        c10d::TCPStoreOptions options;
        options.port = address.port;
        options.isServer = address.rank == 0;
        options.numWorkers = static_cast<std::size_t>(address.size);
        options.waitWorkers = false;
        options.timeout = kJoining;
        auto store = c10::make_intrusive<c10d::TCPStore>(address.host, options);
        if (address.rank == 0 && listening) listening(store->getPort());
        m_state->store = store;
        auto gloo = c10d::ProcessGroupGloo::Options::create_default(kAnswering);
        gloo->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(
            address.host == "127.0.0.1" || address.host == "localhost" ? "127.0.0.1" : std::string()));
        m_state->group = c10::make_intrusive<c10d::ProcessGroupGloo>(m_state->store, address.rank, address.size, gloo);
    } catch (const std::exception& error) {
        throw noAnswer("they did not come together", error);
    }
}

DistributedGroup::~DistributedGroup() = default;

int DistributedGroup::rank() const {
    return m_state->address.rank;
}

int DistributedGroup::size() const {
    return m_state->address.size;
}

void DistributedGroup::sum(Tensor& tensor) {
    try {
        std::vector<Tensor> tensors{tensor};
        m_state->group->allreduce(tensors)->wait();
    } catch (const std::exception& error) {
        throw noAnswer("one does not answer", error);
    }
}

void DistributedGroup::broadcast(Tensor& tensor) {
    try {
        std::vector<Tensor> tensors{tensor};
        m_state->group->broadcast(tensors)->wait();
    } catch (const std::exception& error) {
        throw noAnswer("one does not answer", error);
    }
}

} // namespace ochre::training
