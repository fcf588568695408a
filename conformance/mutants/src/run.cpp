// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/run.md. The family Util is in util.cpp.
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

using Original = std::function<void(const RunnerOptions&)>;

/// A model whose runner is `run_main`; it is made anew for each backend object.
template <class MakeRunMain>
Mutant with_runner(std::string name, std::string breaks, std::vector<Kill> kills, MakeRunMain make_run_main) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [make_run_main] {
    model::Faults faults;
    faults.run_main = make_run_main();
    return faults;
  });
}

bool is_standard(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// Runs, then throws another exception instead of the one of the main task, if `chosen` says so.
template <class Chosen>
auto replacing_failures(Chosen chosen) {
  return [chosen] {
    return [chosen](TaskBody& main, const RunnerOptions& given, const Original& original) {
      original(given);
      if (main.failure() && chosen(main.failure())) throw std::runtime_error(describe(main.failure()));
    };
  };
}

RunnerOptions only_known(const RunnerOptions& given) {
  const auto pick = given.values().find("pick");
  if (pick == given.values().end()) return {};
  return RunnerOptions().set("pick", std::any_cast<model::Pick>(pick->second));
}

std::vector<Mutant> outcome_mutants() {
  return {
      model_mutant("run_ends_at_a_long_wait", "bootstrap returns when nothing is due within two hours",
                   {{"Run001", "void-failed"}}),
      with_runner("bootstrap_wraps_errors", "a standard exception of the main task leaves bootstrap as another one",
                  {{"Gather003", "group"},
                   {"Gather007", "leaves"},
                   {"Gather008", "leaves"},
                   {"Gather011", "failure"},
                   {"Group016", "group"},
                   {"Group018", "failure"},
                   {"Group019", "leaves"},
                   {"Group020", "same-object"},
                   {"Group021", "leaves"},
                   {"Group022", "leaves"},
                   {"Group024", "passes-the-scope"},
                   {"Group030", "leaves"},
                   {"Group035", "leaves"},
                   {"Group036", "same-object"},
                   {"Group037", "leaves"},
                   {"Run002", "error"}},
                  replacing_failures(is_standard)),
      with_runner("bootstrap_wraps_other_throws", "what is not a standard exception leaves bootstrap as an error",
                  {{"Group020", "same-object"}, {"Run002", "foreign"}},
                  replacing_failures([](const std::exception_ptr& failure) {
                    return !is_standard(failure) && !is_cancelled(failure);
                  })),
      with_runner("bootstrap_makes_cancelled_an_error", "a Cancelled of the main task leaves bootstrap as an error",
                  {{"Run010", "type"}}, replacing_failures(is_cancelled)),
      model_mutant("main_is_started_twice", "the main function is called a second time with the arguments moved away",
                   {{"Run008", "arguments"}}),
      model_mutant("main_task_outlives_its_run", "the main task's frame and function live on after the run",
                   {{"Run013", "frames-after-return"}}),
      with_runner("run_loses_a_descriptor", "each run leaves a descriptor open",
                  {{"Run013", "descriptors-after-return"}},
                  [] {
                    return [](TaskBody&, const RunnerOptions& given, const Original& original) {
                      [[maybe_unused]] const int lost = ::dup(STDERR_FILENO);
                      original(given);
                    };
                  }),
  };
}

std::vector<Mutant> place_mutants() {
  Mutant needs_home{"constructor_needs_the_first_thread",
                    "a backend cannot be made on a thread without the loop of the first one",
                    {{"Run012", "constructor"}},
                    false,
                    {}};
  needs_home.make = [] {
    BackendAdapter adapter = model_adapter();
    adapter.make = [home = std::this_thread::get_id()] {
      if (std::this_thread::get_id() != home) throw UsageError("there is no loop on this thread");
      return sound_model();
    };
    return adapter;
  };
  return {
      with_runner("bootstrap_needs_the_first_thread", "bootstrap works on the thread that made the backend only",
                  {{"Cond004", "another-backend"},
                   {"Run003", "fresh-thread"},
                   {"Run009", "at-once"},
                   {"Util006", "in-the-other-thread"}},
                  [] {
                    return [home = std::this_thread::get_id()](TaskBody&, const RunnerOptions& given,
                                                               const Original& original) {
                      if (std::this_thread::get_id() != home) throw UsageError("this is not the main thread");
                      original(given);
                    };
                  }),
      model_mutant("nested_bootstrap_runs", "bootstrap inside a running loop starts a second loop",
                   {{"Run004", "same-backend"}}),
      model_mutant("nested_bootstrap_of_another_runs", "a second backend starts its loop inside the first one",
                   {{"Run004", "other-backend"}}),
      with_runner("failed_run_spoils_the_next", "after a run that failed the backend refuses to run",
                  {{"Group035", "returned"}, {"Run002", "error"}, {"Run009", "in-a-row"}},
                  [] {
                    return [failed = std::make_shared<std::atomic<bool>>(false)](
                               TaskBody& main, const RunnerOptions& given, const Original& original) {
                      if (*failed) throw UsageError("the run before was not closed");
                      original(given);
                      *failed = main.failure() != nullptr;
                    };
                  }),
      with_runner("one_run_at_a_time", "a backend object refuses a run while another thread has one",
                  {{"Run009", "at-once"}},
                  [] {
                    return [active = std::make_shared<std::atomic<int>>(0)](TaskBody&, const RunnerOptions& given,
                                                                            const Original& original) {
                      if (active->fetch_add(1) == 0) {
                        original(given);
                        --*active;
                      } else {
                        --*active;
                        throw UsageError("the loop is in use");
                      }
                    };
                  }),
      model_mutant(
          "run_is_not_marked", "a thread does not know the backend that runs on it",
          {{"Run004", "same-backend"}, {"Run011", "inside"}, {"Util006", "run-failed"}, {"Util008", "inside"}}),
      model_mutant(
          "failed_run_stays_marked", "the backend counts as running after a run that failed",
          {{"Group035", "returned"}, {"Run002", "error"}, {"Run009", "in-a-row"}, {"Run011", "after-failure"}}),
      std::move(needs_home),
  };
}

std::vector<Mutant> option_mutants() {
  return {
      with_runner("options_are_dropped", "known options do not reach the runner",
                  {{"Run005", "no-effect"}, {"Run014", "failed"}},
                  [] {
                    return [](TaskBody&, const RunnerOptions& given, const Original& original) {
                      RunnerOptions kept;
                      for (const auto& [name, value] : given.values()) {
                        if (name != "pick") kept.set(name, 0);
                      }
                      original(kept);
                    };
                  }),
      with_runner("options_stay_for_later_runs", "a run without options takes those of the run before",
                  {{"Run005", "effect-on-another-run"}, {"Run006", "not-the-defaults"}},
                  [] {
                    return [last = std::make_shared<RunnerOptions>()](TaskBody&, const RunnerOptions& given,
                                                                      const Original& original) {
                      if (!given.empty()) *last = given;
                      original(*last);
                    };
                  }),
      with_runner("option_is_soon_forgotten", "an option is in force for the first choices of a run only",
                  {{"Run005", "no-effect-later"}},
                  [] {
                    return [](TaskBody&, const RunnerOptions& given, const Original& original) {
                      const RunnerOptions known = only_known(given);
                      if (known.empty()) return original(given);
                      auto pick = std::any_cast<model::Pick>(known.values().begin()->second);
                      auto uses = std::make_shared<int>(0);
                      original(RunnerOptions(given).set("pick", model::Pick([pick, uses](model::Choices choices) {
                                                          return ++*uses > 4 ? 0 : pick(choices);
                                                        })));
                    };
                  }),
      with_runner("unknown_options_are_ignored", "an unknown option has no effect and is no error",
                  {{"Run007", "accepted"}, {"Run014", "objects"}},
                  [] {
                    return [](TaskBody&, const RunnerOptions& given, const Original& original) {
                      original(only_known(given));
                    };
                  }),
      with_runner("unknown_options_are_found_too_late", "an unknown option is refused after the run",
                  {{"Run007", "started"}, {"Run014", "failed"}},
                  [] {
                    return [](TaskBody&, const RunnerOptions& given, const Original& original) {
                      const RunnerOptions known = only_known(given);
                      original(known);
                      if (known.values().size() < given.values().size()) throw std::invalid_argument("unknown option");
                    };
                  }),
  };
}

}  // namespace

std::vector<Mutant> run_mutants() {
  std::vector<Mutant> all;
  for (const auto group : {outcome_mutants, place_mutants, option_mutants}) {
    for (Mutant& mutant : group()) all.push_back(std::move(mutant));
  }
  return all;
}

}  // namespace concert::conformance
