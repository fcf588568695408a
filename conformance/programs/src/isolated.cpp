// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/isolated.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace concert::programs {

namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// What both processes see. The child writes, the parent reads: at the latest when the child is dead.
struct Journal {
  std::atomic<std::int64_t> case_index{-1};
  std::atomic<std::int64_t> steps{0};
  /// Not the exit code: a fault may call exit(0).
  std::atomic<bool> done{false};
  std::array<char, 256> fault{};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "it is shared by processes");

class SharedJournal {
 public:
  SharedJournal() {
    void* memory = ::mmap(nullptr, sizeof(Journal), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("cannot share memory with a child");
    journal_ = new (memory) Journal;
  }
  SharedJournal(const SharedJournal&) = delete;
  SharedJournal& operator=(const SharedJournal&) = delete;
  ~SharedJournal() { ::munmap(journal_, sizeof(Journal)); }
  Journal* operator->() const noexcept { return journal_; }
  Journal& operator*() const noexcept { return *journal_; }

 private:
  Journal* journal_ = nullptr;
};

/// Messages go through the pipe with their length before them.
using Length = std::uint64_t;

class ChildProgress final : public Progress {
 public:
  ChildProgress(Journal& journal, int pipe) : journal_(journal), pipe_(pipe) {}

  void begin_case(std::int64_t index) override {
    journal_.case_index = index;
    ++journal_.steps;
  }
  void send(std::string_view message) override {
    const Length length = message.size();
    std::array<char, sizeof(length)> head{};
    std::memcpy(head.data(), &length, sizeof(length));
    write_all({head.data(), head.size()});
    write_all(message);
    ++journal_.steps;
  }
  [[noreturn]] void give_up(std::string_view fault) override {
    const std::size_t size = std::min(fault.size(), journal_.fault.size() - 1);
    std::copy_n(fault.data(), size, journal_.fault.data());
    ::_exit(1);
  }

 private:
  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(pipe_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      // Nobody reads any more: nobody wants to know.
      if (count < 0) ::_exit(1);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  Journal& journal_;
  int pipe_;
};

/// The parent's end of the pipe.
class Messages {
 public:
  Messages(int pipe, const std::function<void(std::string_view)>& take) : pipe_(pipe), take_(take) {}

  /// False at the end of the stream.
  bool read_some() {
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(pipe_, buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR;
    if (count == 0) return false;
    unread_.append(buffer.data(), static_cast<std::size_t>(count));
    hand_over();
    return true;
  }

 private:
  void hand_over() {
    Length length = 0;
    while (unread_.size() >= sizeof(length)) {
      std::memcpy(&length, unread_.data(), sizeof(length));
      if (unread_.size() - sizeof(length) < length) return;
      take_(std::string_view(unread_).substr(sizeof(length), length));
      unread_.erase(0, sizeof(length) + length);
    }
  }

  int pipe_;
  const std::function<void(std::string_view)>& take_;
  std::string unread_;
};

/// A forked process; killed, if it still runs when this object ends.
class Child {
 public:
  explicit Child(pid_t process) noexcept : process_(process) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ > 0) kill();
  }

  int kill() noexcept {
    ::kill(process_, SIGKILL);
    return wait();
  }
  int wait() noexcept {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

 private:
  pid_t process_;
};

void limit(int resource, rlim_t most) noexcept {
  const rlimit both{most, most};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

[[noreturn]] void be_the_child(const std::function<void(Progress&)>& work, Journal& journal, int pipe, bool quiet) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A fault that allocates without end must not take the machine with it.
  limit(RLIMIT_AS, rlim_t{8} << 30U);
#endif
  if (quiet) {
    const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, STDERR_FILENO);
  }
  ChildProgress progress(journal, pipe);
  try {
    work(progress);
  } catch (const std::exception& error) {
    progress.give_up(std::string("threw: ") + error.what());
  } catch (...) {
    progress.give_up("threw: an exception that is no std::exception");
  }
  journal.done = true;
  // Not exit: what the parent registered to be done at its end is not this process's business.
  std::fflush(nullptr);
  ::_exit(0);
}

std::string fault_of(int status, const Journal& journal) {
  if (journal.fault.front() != '\0') return journal.fault.data();
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return "crashed:" + (name != nullptr ? "SIG" + std::string(name) : std::to_string(WTERMSIG(status)));
  }
  return "exited:" + std::to_string(WEXITSTATUS(status));
}

/// Says whether the child stands still.
class Watchdog {
 public:
  Watchdog(const Journal& journal, std::chrono::milliseconds limit) : journal_(journal), limit_(limit) {}
  bool has_bitten() {
    const std::int64_t steps = journal_.steps;
    const auto now = std::chrono::steady_clock::now();
    if (steps != steps_) {
      steps_ = steps;
      since_ = now;
    }
    return now - since_ > limit_;
  }

 private:
  const Journal& journal_;
  std::chrono::milliseconds limit_;
  std::int64_t steps_ = -1;
  std::chrono::steady_clock::time_point since_;
};

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot open a pipe to a child");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

}  // namespace

ChildEnd run_isolated(const std::function<void(Progress&)>& work,
                      const std::function<void(std::string_view message)>& take, const IsolationLimits& limits) {
  const SharedJournal journal;
  Pipe pipe;
  // Else both would write what the parent has not written yet.
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) fail("cannot fork");
  if (process == 0) be_the_child(work, *journal, pipe.ends[1], limits.quiet);
  Child child(process);
  pipe.close(1);
  Messages messages(pipe.ends[0], take);
  Watchdog watchdog(*journal, limits.without_progress);
  // A short look, so that a hang is noticed soon after the limit.
  const int look_ms = static_cast<int>(std::clamp<std::int64_t>(limits.without_progress.count() / 10, 1, 200));
  for (bool open = true; open;) {
    pollfd waited{pipe.ends[0], POLLIN, 0};
    if (::poll(&waited, 1, look_ms) > 0) open = messages.read_some();
    if (open && watchdog.has_bitten()) {
      child.kill();
      return {"hung", journal->case_index};
    }
  }
  const int status = child.wait();
  return {journal->done ? "" : fault_of(status, *journal), journal->case_index};
}

}  // namespace concert::programs
