// SPDX-License-Identifier: Apache-2.0
// Backends that are broken on purpose: they show that the suite can see each fault.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "concert/harness/certifier.hpp"
#include "concert/model/model_backend.hpp"

namespace concert::conformance {

/// The model as a backend under test, with these freedoms taken and, if named, this fault.
BackendAdapter model_adapter(const model::ModelOptions& options = {});

/// The model without a fault, for decorators: its clock waits for the same threads as the virtual clock of the harness.
std::unique_ptr<AsyncBackend> sound_model();

/// A fault of the model (a `broken("name")` switch in conformance/model/src) and the checks that must find it.
Mutant model_mutant(std::string name, std::string breaks, std::vector<Kill> kills);

/// A model with a fault that shows at the interface. `faults` is called for each backend object, so that what it
/// captures in its result belongs to that object.
Mutant faulty_model(std::string name, std::string breaks, std::vector<Kill> kills,
                    std::function<model::Faults()> faults);

/// A model that behaves in one way and declares another in its manifest: `trait` is declared as `declared`.
Mutant lying_model(std::string name, std::string breaks, const model::Traits& behaviour, const std::string& trait,
                   const std::string& declared, std::vector<Kill> kills);

std::vector<Mutant> run_mutants();
std::vector<Mutant> util_mutants();
std::vector<Mutant> clock_mutants();
std::vector<Mutant> cancel_mutants();
std::vector<Mutant> shield_mutants();
std::vector<Mutant> group_mutants();
std::vector<Mutant> gather_mutants();
std::vector<Mutant> task_mutants();
std::vector<Mutant> scope_mutants();
std::vector<Mutant> timeout_mutants();
std::vector<Mutant> lock_mutants();
std::vector<Mutant> event_mutants();
std::vector<Mutant> condition_mutants();
std::vector<Mutant> thread_mutants();
std::vector<Mutant> portal_mutants();
/// Does nothing; always throws; runs everything inline; never cancels.
std::vector<Mutant> null_backends();

std::vector<Mutant> all_mutants();

/// The model with each freedom taken the other way, one at a time, and all at once.
std::vector<Variant> model_variants();
/// These, and the freedoms that no trait declares: for programs, which know no instant but in order.
std::vector<Variant> program_variants();

}  // namespace concert::conformance
