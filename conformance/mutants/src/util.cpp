// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/run.md, the family Util.
#include <atomic>
#include <memory>
#include <stdexcept>

#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

/// The model, found in another way: `change` replaces functions of the finder.
template <class Change>
Mutant with_finder(std::string name, std::string breaks, std::vector<Kill> kills, Change change) {
  Mutant mutant{std::move(name), std::move(breaks), std::move(kills), false, {}};
  mutant.make = [change] {
    BackendAdapter adapter = model_adapter();
    change(adapter.finder);
    return adapter;
  };
  return mutant;
}

/// Refers to a backend that somebody else keeps.
std::shared_ptr<AsyncBackend> refer_to(AsyncBackend* backend) { return {std::shared_ptr<AsyncBackend>(), backend}; }

std::vector<Mutant> maker_mutants() {
  return {
      with_finder("known_name_gives_the_first_entry", "a known name gives the backend that was registered first",
                  {{"Util001", "other-factory-calls"}},
                  [](BackendFinder& finder) {
                    finder.make = [](std::string_view name) {
                      new_builtin_backend(name);
                      return new_builtin_backend(BackendRegistry::installed().names().front());
                    };
                  }),
      with_finder("unknown_name_gives_a_default", "an unknown name gives the backend that was registered first",
                  {{"Util002", "type"}},
                  [](BackendFinder& finder) {
                    finder.make = [](std::string_view name) {
                      try {
                        return new_builtin_backend(name);
                      } catch (const UnsupportedOperation&) {
                        return new_builtin_backend(BackendRegistry::installed().names().front());
                      }
                    };
                  }),
      with_finder("unknown_name_is_not_told", "the error for an unknown name does not contain it",
                  {{"Util002", "message"}},
                  [](BackendFinder& finder) {
                    finder.make = [](std::string_view name) -> std::unique_ptr<AsyncBackend> {
                      try {
                        return new_builtin_backend(name);
                      } catch (const UnsupportedOperation&) {
                        throw UnsupportedOperation("?");
                      }
                    };
                  }),
      with_finder("missing_backend_is_unknown", "a backend without its library counts as an unknown name",
                  {{"Util003", "type"}},
                  [](BackendFinder& finder) {
                    finder.make = [](std::string_view name) -> std::unique_ptr<AsyncBackend> {
                      try {
                        return new_builtin_backend(name);
                      } catch (const MissingDependency& error) {
                        throw UnsupportedOperation(error.what());
                      }
                    };
                  }),
      with_finder("missing_library_has_no_reason", "the error for a missing library does not tell why",
                  {{"Util003", "nested"}},
                  [](BackendFinder& finder) {
                    finder.make = [](std::string_view name) -> std::unique_ptr<AsyncBackend> {
                      bool missing = false;
                      try {
                        return new_builtin_backend(name);
                      } catch (const MissingDependency&) {
                        missing = true;
                      }
                      if (missing) throw MissingDependency(std::string(name));
                      return nullptr;
                    };
                  }),
  };
}

std::vector<Mutant> ensure_mutants() {
  return {
      with_finder("given_backend_is_replaced", "for a backend object, a new one of its kind is returned",
                  {{"Util004", "outside"}, {"Util010", "object-outside"}},
                  [](BackendFinder& finder) {
                    finder.ensure_object = [](AsyncBackend& backend) { return ensure_backend(backend.name()); };
                  }),
      with_finder("name_gives_one_for_all", "each call with a name gives the same object", {{"Util005", "distinct"}},
                  [](BackendFinder& finder) {
                    finder.ensure_named =
                        [one = std::make_shared<std::shared_ptr<AsyncBackend>>()](std::string_view name) {
                          if (*one == nullptr) *one = ensure_backend(name);
                          return *one;
                        };
                  }),
      with_finder("name_gives_the_running_backend", "inside a run a name gives the backend that runs",
                  {{"Util005", "not-the-running-one"}, {"Util010", "name-inside"}},
                  [](BackendFinder& finder) {
                    finder.ensure_named = [](std::string_view name) {
                      AsyncBackend* const running = AsyncBackend::running();
                      return running != nullptr ? refer_to(running) : ensure_backend(name);
                    };
                  }),
      with_finder("object_gives_the_running_backend", "inside a run any object gives the backend that runs",
                  {{"Util004", "inside"}, {"Util010", "object-inside"}},
                  [](BackendFinder& finder) {
                    finder.ensure_object = [](AsyncBackend& backend) {
                      AsyncBackend* const running = AsyncBackend::running();
                      return refer_to(running != nullptr ? running : &backend);
                    };
                  }),
      with_finder("choice_needs_a_run", "outside a run even an explicit choice is refused",
                  {{"Util004", "outside"}, {"Util010", "object-outside"}},
                  [](BackendFinder& finder) {
                    finder.ensure_object = [](AsyncBackend& backend) {
                      ensure_backend(std::nullopt);
                      return ensure_backend(backend);
                    };
                  }),
      with_finder("nothing_gives_a_new_backend", "without a name the first registered backend is made",
                  {{"Util006", "here"}, {"Util008", "before"}},
                  [](BackendFinder& finder) {
                    finder.ensure_running = [] { return ensure_backend(BackendRegistry::installed().names().front()); };
                  }),
      with_finder("nothing_gives_a_default", "without a name and a run the first registered backend is made",
                  {{"Util008", "before"}},
                  [](BackendFinder& finder) {
                    finder.ensure_running = [] {
                      if (AsyncBackend::running() != nullptr) return ensure_backend(std::nullopt);
                      return ensure_backend(BackendRegistry::installed().names().front());
                    };
                  }),
      with_finder("nothing_gives_the_first_answer", "the first backend found running is the answer for ever",
                  {{"Util006", "in-the-other-thread"}, {"Util008", "other-thread"}},
                  [](BackendFinder& finder) {
                    finder.ensure_running = [first = std::make_shared<std::atomic<AsyncBackend*>>(nullptr)] {
                      if (*first == nullptr) *first = ensure_backend(std::nullopt).get();
                      return refer_to(*first);
                    };
                  }),
  };
}

}  // namespace

std::vector<Mutant> util_mutants() {
  std::vector<Mutant> all;
  for (const auto group : {maker_mutants, ensure_mutants}) {
    for (Mutant& mutant : group()) all.push_back(std::move(mutant));
  }
  all.push_back(model_mutant("scope_names_the_running_backend",
                             "a scope answers backend() with whatever backend runs on the thread",
                             {{"Util011", "scope-of-another"}}));
  return all;
}

}  // namespace concert::conformance
