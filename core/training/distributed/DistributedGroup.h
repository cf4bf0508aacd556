// SPDX-License-Identifier: GPL-3.0-or-later
// Several processes, on one machine or many, that train one network together: LibTorch's Gloo group over TCP.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/training/Trainer.h"

namespace ochre::training {

struct GroupAddress {
    std::string host = "127.0.0.1"; ///< of the process with rank 0
    std::uint16_t port = 0;         ///< 0, for rank 0: a free one
    int rank = 0, size = 1;
};

class DistributedGroup : public Group {
public:
    /// Rank 0 listens; `listening` is told the port before it waits for the others. Throws Error where they do not come
    /// within a minute.
    explicit DistributedGroup(const GroupAddress& address, const std::function<void(std::uint16_t port)>& listening = {});
    ~DistributedGroup() override;

    int rank() const override;
    int size() const override;
    void sum(Tensor& tensor) override;       ///< throws Error where a process does not answer
    void broadcast(Tensor& tensor) override; ///< rank 0's, to all

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre::training
