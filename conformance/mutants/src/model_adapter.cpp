// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "concert/harness/virtual_clock.hpp"
#include "concert/model/schedules.hpp"
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

/// The clock of the model waits for the same threads as the virtual clock of the harness.
model::ModelOptions on_harness(model::ModelOptions options) {
  options.threads_are_under_way = KernelWork::is_under_way;
  return options;
}

}  // namespace

BackendAdapter model_adapter(const model::ModelOptions& options) {
  BackendAdapter adapter;
  adapter.name = "model";
  adapter.make = [options = on_harness(options)] { return model::model_backend(options); };
  adapter.manifest.version = "the model of this kit";
  adapter.manifest.traits = model::declared(options.traits);
  adapter.runner_options = [](const Schedule& schedule) {
    return RunnerOptions().set("pick", model::pick_for(model::strategy_of(schedule.order_seed)));
  };
  adapter.spend = model::spend;
  adapter.turns = model::scheduler_steps;
  adapter.observable_option = [](bool& effect_seen) {
    return RunnerOptions().set("pick", model::Pick([&effect_seen](model::Choices) {
                                 effect_seen = true;
                                 return std::size_t{0};
                               }));
  };
  return adapter;
}

std::unique_ptr<AsyncBackend> sound_model() { return model::model_backend(on_harness({})); }

Mutant model_mutant(std::string name, std::string breaks, std::vector<Kill> kills) {
  Mutant mutant;
  mutant.make = [name] {
    model::ModelOptions options;
    options.mutant = name;
    return model_adapter(options);
  };
  mutant.name = std::move(name);
  mutant.breaks = std::move(breaks);
  mutant.kills = std::move(kills);
  return mutant;
}

Mutant faulty_model(std::string name, std::string breaks, std::vector<Kill> kills,
                    std::function<model::Faults()> faults) {
  Mutant mutant{std::move(name), std::move(breaks), std::move(kills), false, {}};
  mutant.make = [faults = std::move(faults)] {
    BackendAdapter adapter = model_adapter();
    adapter.make = [faults] {
      model::ModelOptions options;
      options.faults = faults();
      return model::model_backend(on_harness(std::move(options)));
    };
    return adapter;
  };
  return mutant;
}

Mutant lying_model(std::string name, std::string breaks, const model::Traits& behaviour, const std::string& trait,
                   const std::string& declared_value, std::vector<Kill> kills) {
  Mutant mutant{std::move(name), std::move(breaks), std::move(kills), false, {}};
  mutant.make = [behaviour, trait, declared_value] {
    BackendAdapter adapter = model_adapter({behaviour, ""});
    adapter.manifest.traits[trait] = declared_value;
    return adapter;
  };
  return mutant;
}

std::vector<Variant> model_variants() {
  std::vector<Variant> variants;
  const auto add = [&](const std::string& name, const auto& change) {
    model::Traits traits;
    change(traits);
    variants.push_back({name, [traits] { return model_adapter({traits, ""}); }});
  };
  add("default", [](model::Traits&) {});
  add("yield_may_be_skipped=yes", [](model::Traits& traits) { traits.yield_may_be_skipped = true; });
  add("clock_epoch=run", [](model::Traits& traits) { traits.clock_epoch_is_run = true; });
  add("start_order=unspecified", [](model::Traits& traits) { traits.start_order_is_fifo = false; });
  add("cancelled_start_runs_first_step=no",
      [](model::Traits& traits) { traits.cancelled_start_runs_first_step = false; });
  add("gather_start_order=unspecified", [](model::Traits& traits) { traits.gather_starts_in_order = false; });
  add("failed_join_reports=cancellation", [](model::Traits& traits) { traits.failed_join_reports_failure = false; });
  add("caught_without_own_exception=yes", [](model::Traits& traits) { traits.caught_without_own_exception = true; });
  add("self_join_is_diagnosed=no", [](model::Traits& traits) { traits.self_join_is_diagnosed = false; });
  add("lock_reacquire=waits", [](model::Traits& traits) { traits.lock_reacquire_is_refused = false; });
  add("free_lock_acquire=checkpoint", [](model::Traits& traits) { traits.free_lock_is_a_checkpoint = true; });
  add("lock_release=freed", [](model::Traits& traits) { traits.lock_is_freed_on_release = true; });
  add("abandoned_lock=error", [](model::Traits& traits) { traits.abandoned_lock_is_an_error = true; });
  add("set_event_wait=checkpoint", [](model::Traits& traits) { traits.set_event_is_a_checkpoint = true; });
  add("event_wake_order=unspecified", [](model::Traits& traits) { traits.event_wakes_in_order = false; });
  add("condition_accepts_fair_lock=no", [](model::Traits& traits) { traits.condition_accepts_fair_lock = false; });
  add("the default fair lock", [](model::Traits& traits) { traits.fair_lock_is_default = true; });
  add("worker_threads=1", [](model::Traits& traits) { traits.worker_threads = 1; });
  add("portal_submission=blocks", [](model::Traits& traits) { traits.portal_submission_blocks = true; });
  add("all", [](model::Traits& traits) {
    traits = {true, true, false, false, false, false, true, false, false,
              true, true, true,  true,  false, false, true, 2,     true};
  });
  return variants;
}

namespace {

/// A model that always takes the same side where two things happen in one instant, and where a plain lock is free for
/// several: the first one, or the last.
Variant one_sided(const std::string& name, bool takes_the_last) {
  return {name, [takes_the_last] {
            BackendAdapter adapter = model_adapter();
            adapter.runner_options = [takes_the_last](const Schedule& schedule) {
              const model::Pick pick = model::pick_for(model::strategy_of(schedule.order_seed));
              return RunnerOptions().set("pick", model::Pick([=](model::Choices choices) {
                                           if (!choices.tasks.empty()) return pick(choices);
                                           return takes_the_last ? choices.count - 1 : 0;
                                         }));
            };
            return adapter;
          }};
}

/// Event loops round up to whole milliseconds.
Variant late_sleeper() {
  return {"sleeps end a millisecond late", [] {
            model::ModelOptions options;
            options.faults.sleep = [](AsyncBackend& backend, Seconds delay) {
              return backend.AsyncBackend::sleep(delay > Seconds(0) ? delay + Seconds(0.001) : delay);
            };
            return model_adapter(options);
          }};
}

}  // namespace

std::vector<Variant> program_variants() {
  std::vector<Variant> variants = model_variants();
  variants.push_back(one_sided("ties go to the value", false));
  variants.push_back(one_sided("ties go to the cancellation", true));
  variants.push_back(late_sleeper());
  return variants;
}

}  // namespace concert::conformance
