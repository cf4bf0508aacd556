// SPDX-License-Identifier: GPL-3.0-or-later
// The one exception type of Ochre: what went wrong, and what the reader can do about it.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace ochre {

enum class ErrorKind {
    Failed,    ///< the work could not be done
    NotMine,   ///< a reader was given another format: try the next reader
    Broken,    ///< the right format, but damaged or hostile: show it
    Cancelled, ///< the user stopped it: not shown as an error
    Memory,    ///< out of memory: callers may retry with smaller work
};

/// `what` starts with the subject and holds the value seen ("scene.ply: vertex 812: …"); `hint` says what to do.
class Error : public std::exception {
public:
    explicit Error(std::string what, std::string hint = {}, ErrorKind kind = ErrorKind::Failed)
        : m_what(std::move(what)), m_hint(std::move(hint)), m_kind(kind) {}

    const char* what() const noexcept override { return m_what.c_str(); }
    const std::string& message() const noexcept { return m_what; }
    const std::string& hint() const noexcept { return m_hint; }
    ErrorKind kind() const noexcept { return m_kind; }
    bool cancelled() const noexcept { return m_kind == ErrorKind::Cancelled; }

    /// Message and hint on one line, for the log and the command line.
    std::string full() const { return m_hint.empty() ? m_what : m_what + " (" + m_hint + ")"; }

private:
    std::string m_what;
    std::string m_hint;
    ErrorKind m_kind;
};

inline Error notMine(std::string what) { return Error(std::move(what), {}, ErrorKind::NotMine); }
inline Error broken(std::string what, std::string hint = {}) {
    return Error(std::move(what), std::move(hint), ErrorKind::Broken);
}

/// The exception now in flight as an Error; call only inside a catch block.
Error currentError();

} // namespace ochre
