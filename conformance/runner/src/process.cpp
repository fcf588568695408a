// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace concert::runner {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { close(); }
  int get() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

// Close-on-exec from the start: several threads spawn at once, and a leaked write end would keep a stream open.
Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno, "cannot open a pipe");
  Pipe pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return pipe;
}

// Keeps the end of a stream: that is where a crash explains itself.
class Tail {
 public:
  Tail(FileDescriptor fd, std::size_t limit_bytes) : fd_(std::move(fd)), limit_bytes_(limit_bytes) {}

  int fd() const noexcept { return fd_.get(); }

  // Reads what is there, up to a bound so that an endless writer cannot hold the loop. Closes at the end of the stream.
  void read_some() {
    static constexpr int most_reads = 64;
    std::array<char, 16384> buffer;
    for (int i = 0; i < most_reads && fd_.is_open(); ++i) {
      const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
      if (count > 0) {
        keep({buffer.data(), static_cast<std::size_t>(count)});
      } else if (count == 0) {
        fd_.close();
      } else if (errno != EINTR) {
        if (errno != EAGAIN) fd_.close();
        return;
      }
    }
  }

  Output finish() && {
    drop_beyond(limit_bytes_);
    return std::move(output_);
  }

 private:
  void keep(std::string_view text) {
    output_.text += text;
    if (output_.text.size() > 2 * limit_bytes_) drop_beyond(limit_bytes_);
  }

  void drop_beyond(std::size_t size) {
    if (output_.text.size() <= size) return;
    const std::size_t excess = output_.text.size() - size;
    output_.text.erase(0, excess);
    output_.dropped_bytes += excess;
  }

  FileDescriptor fd_;
  std::size_t limit_bytes_;
  Output output_;
};

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// A group of its own, and signals as a fresh shell would give them.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<std::string> merge_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> as_pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t spawn(const ProcessOptions& options, int out, int err) {
  SpawnActions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(actions.get(), out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(actions.get(), err, STDERR_FILENO);
  const SpawnAttributes attributes;
  std::vector<std::string> arguments = options.command;
  std::vector<std::string> environment = merge_environment(options.environment);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, arguments.front().c_str(), actions.get(), attributes.get(),
                                  as_pointers(arguments).data(), as_pointers(environment).data());
  if (error != 0) fail(error, "cannot start " + options.command.front());
  return pid;
}

// A started child that is not reaped yet. Ends with its whole group, whatever happens.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), handle_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
    if (!handle_.is_open()) {
      const int error = errno;
      reap();
      fail(error, "cannot watch a child (pidfd_open)");
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ != 0) reap();
  }

  int handle() const noexcept { return handle_.get(); }

  // Kills the group while its leader is not reaped: until then nobody else can have its number.
  int reap() noexcept {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_;
  FileDescriptor handle_;
};

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

ProcessResult::End wait_for_end(const Child& child, Tail& out, Tail& err, int stop_fd, Clock::time_point deadline) {
  while (true) {
    // A negative descriptor is ignored by poll, so that a closed stream needs no case of its own.
    std::array<pollfd, 4> watched = {
        {{child.handle(), POLLIN, 0}, {stop_fd, POLLIN, 0}, {out.fd(), POLLIN, 0}, {err.fd(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), milliseconds_until(deadline)) < 0 && errno != EINTR)
      fail(errno, "cannot poll");
    if (watched[2].revents != 0) out.read_some();
    if (watched[3].revents != 0) err.read_some();
    if (watched[0].revents != 0) return ProcessResult::End::exited;
    if (watched[1].revents != 0) return ProcessResult::End::stopped;
    if (Clock::now() >= deadline) return ProcessResult::End::timed_out;
  }
}

}  // namespace

ProcessResult run_process(const ProcessOptions& options) {
  if (options.command.empty()) throw std::invalid_argument("run_process: expected a program, came an empty command");
  Pipe out_pipe = open_pipe();
  Pipe err_pipe = open_pipe();
  const Clock::time_point start = Clock::now();
  Child child(spawn(options, out_pipe.write_end.get(), err_pipe.write_end.get()));
  out_pipe.write_end.close();
  err_pipe.write_end.close();
  Tail out(std::move(out_pipe.read_end), options.output_limit_bytes);
  Tail err(std::move(err_pipe.read_end), options.output_limit_bytes);

  ProcessResult result;
  const auto deadline = start + std::chrono::duration_cast<Clock::duration>(options.timeout);
  result.end = wait_for_end(child, out, err, options.stop_fd, deadline);
  const int status = child.reap();
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (result.end == ProcessResult::End::exited) {
    if (WIFSIGNALED(status)) {
      result.end = ProcessResult::End::signalled;
      result.code = WTERMSIG(status);
    } else {
      result.code = WEXITSTATUS(status);
    }
  }
  // What the child wrote is in the pipes by now. A descendant outside the group may hold them open: nobody waits for
  // it.
  out.read_some();
  err.read_some();
  result.out = std::move(out).finish();
  result.err = std::move(err).finish();
  return result;
}

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(number);
}

std::vector<std::string> last_lines(const std::string& text, std::size_t count) {
  static constexpr std::size_t longest_line = 300;
  std::vector<std::string> lines;
  std::size_t end = text.size();
  while (lines.size() < count && end != 0) {
    const std::size_t newline = text.find_last_of('\n', end - 1);
    const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
    std::string line = text.substr(begin, std::min(end - begin, longest_line));
    std::erase_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
    if (!line.empty()) lines.push_back(line);
    end = begin == 0 ? 0 : begin - 1;
  }
  std::ranges::reverse(lines);
  return lines;
}

}  // namespace concert::runner
