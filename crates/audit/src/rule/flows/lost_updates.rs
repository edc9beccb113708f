//! Rules about changes that depend on an old value and are not protected.

use super::{Flows, each, everywhere};
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::model::{Model, Service};
use crate::rule::{Breach, Outcome};
use crate::source::Language;

/// Version fields for optimistic locking.
const VERSIONS: &[&str] = &["@Version", "VersionColumn", "version_id_col"];

/// The files of a service whose records have a version.
struct Versions {
    /// The names of the files in lower case, without `entity`, `model` or `document` at the end.
    records: Vec<String>,
    /// A file of Python has many classes, so it counts for all records.
    has_python: bool,
}

impl Versions {
    fn of(model: &Model, service: &Service) -> Self {
        let files = model
            .files_of(service)
            .map(|found| &found.file)
            .filter(|file| VERSIONS.iter().any(|word| file.text.contains(word)));
        let (mut records, mut has_python) = (Vec::new(), false);
        for file in files {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            let stem = name.split('.').next().unwrap_or_default().to_lowercase();
            let record = ["entity", "model", "document"]
                .iter()
                .find_map(|end| stem.strip_suffix(end))
                .unwrap_or(&stem);
            records.push(record.to_owned());
            has_python |= file.language == Language::Python;
        }
        Self {
            records,
            has_python,
        }
    }

    /// Whether the class of a record has a version: `Voucher` of `fetchedVoucher`.
    fn has(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.has_python
            || self
                .records
                .iter()
                .any(|record| name.ends_with(record.as_str()) || record.ends_with(&name))
    }
}

/// A record that a called function reads, that a condition compares, and that a later call changes,
/// without a lock.
#[must_use]
pub fn checked_then_changed(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        if !Versions::of(model, service).records.is_empty() {
            return Vec::new();
        }
        each(service, |flows, function, calls| {
            if function.is_guarded {
                return None;
            }
            let (read, _) = calls.iter().find(|(call, effects)| {
                let direct = [".py", ".java", ".kt"]
                    .iter()
                    .any(|end| call.at.path.ends_with(end));
                call.is_compared
                    && (direct || !call.effects.has(Effects::READ))
                    && effects.has(Effects::READ)
                    && !effects.has(Effects::WRITE)
                    && !flows.any_target(call, |function| function.is_guarded)
            })?;
            let (write, _) = calls.iter().find(|(call, effects)| {
                let changes = effects.has(Effects::ADJUST)
                    || effects.has(Effects::WRITE) && !effects.has(Effects::INSERT);
                call.at.span.start >= read.at.span.end
                    && changes
                    && !flows.any_target(call, |function| function.is_guarded)
            })?;
            let evidence = format!(
                "a condition compares the record of `{}`, and `{}` changes it later without a lock, so two parallel requests both pass",
                read.method, write.method
            );
            Some(Breach::review(read.at.clone(), evidence).related([write.at.clone()]))
        })
    })
}

/// A field of a record that gets a value that depends on its old one, without a lock or a version.
#[must_use]
pub fn adjusted_records(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        let versions = Versions::of(model, service);
        each(service, |flows, function, calls| {
            if function.adjusted.is_empty() {
                return adjusted_by_helper(flows, function, calls);
            }
            let (first, name) = function.adjusted.first().filter(|_| !function.is_guarded)?;
            if versions.has(name) {
                return None;
            }
            let (read, _) = calls.iter().find(|(call, effects)| {
                // `Map.get` reads no database.
                !call.method.eq_ignore_ascii_case("get")
                    && (effects.has(Effects::READ) || call.is_lookup || is_read(&call.method))
            })?;
            if flows.any_target(read, |function| function.is_guarded) {
                return None;
            }
            let write = calls.iter().find(|(call, effects)| {
                call.at.span.start > first.span.start && effects.has(Effects::WRITE)
            });
            let evidence = format!(
                "the new value depends on the record that `{}` read, and no lock or version protects it, so two parallel requests lose a change",
                read.method
            );
            let others = function.adjusted.iter().skip(1).map(|(at, _)| at.clone());
            let write = write.map(|(call, _)| call.at.clone());
            let places = [read.at.clone()].into_iter().chain(write).chain(others);
            Some(Breach::review(first.clone(), evidence).related(places))
        })
    })
}

/// A record that a function reads, a called function changes by a difference, and a later call
/// writes.
fn adjusted_by_helper<'s>(
    flows: &Flows<'s>,
    function: &'s FunctionFlow,
    calls: &[(&'s FlowCall, Effects)],
) -> Option<Breach> {
    if function.is_guarded {
        return None;
    }
    let (read, _) = calls
        .iter()
        .find(|(call, effects)| effects.has(Effects::READ) || is_read(&call.method))?;
    let helper = function.calls.iter().find(|call| {
        call.at.span.start > read.at.span.end
            && flows.any_target(call, |target| {
                !target.adjusted.is_empty() && !target.is_guarded
                    || target.calls.iter().any(|inner| {
                        flows.any_target(inner, |target| {
                            !target.adjusted.is_empty() && !target.is_guarded
                        })
                    })
            })
    })?;
    let (write, _) = calls.iter().find(|(call, effects)| {
        call.at.span.start >= helper.at.span.start && effects.has(Effects::WRITE)
    })?;
    let evidence = format!(
        "`{}` changes what `{}` read, and `{}` writes it back without a lock or version, so two parallel requests lose a change",
        helper.method, read.method, write.method
    );
    let places = [read.at.clone(), write.at.clone()];
    Some(Breach::review(helper.at.clone(), evidence).related(places))
}

/// Whether the name of a method is that of a look-up of a record.
fn is_read(method: &str) -> bool {
    let lower = method.to_lowercase();
    ["find", "load", "fetch", "getby", "get_by"]
        .iter()
        .any(|verb| lower.starts_with(verb))
        || lower.starts_with("get") && lower.contains("by")
}
