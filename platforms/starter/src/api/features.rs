use std::{collections::BTreeMap, time::SystemTime};

use seaworthy::{
    flags::{Author, Flags},
    operation_log::record_change,
    prelude::*,
    prost_types::Timestamp,
};

use crate::{
    contract::feature::v1 as wire,
    features::{Entry, check_can_be_off, evaluate},
};

/// The default page size.
const DEFAULT_PAGE_SIZE: i32 = 20;
/// The default reason of a change in the audit log.
const DEFAULT_REASON: &str = "changed through the API";

/// The name in the path of the statistics, which no new flag may have.
const STATS: &str = "stats";

/// Implements `feature.v1.FeatureToggle`.
#[derive(Clone)]
pub(super) struct FeatureToggles(pub(super) Flags);

impl FeatureToggles {
    fn names(&self) -> Vec<String> {
        let set = self.0.set();
        let mut names: Vec<String> = set.iter().map(|flag| flag.key().to_string()).collect();
        names.sort_unstable();
        names
    }

    fn entry(&self, flag: &str) -> Entry {
        Entry::new(self.0.entry(flag).unwrap_or_default())
    }

    /// Returns the entry of a flag.
    ///
    /// # Errors
    /// `FLAG_NOT_FOUND`.
    fn find(&self, flag: &str) -> Result<Entry, Error> {
        if self.0.set().get(flag).is_some() {
            return Ok(self.entry(flag));
        }
        let message = "there is no feature flag with this name";
        Err(Error::new(Code::NotFound, "FLAG_NOT_FOUND", message))
    }

    fn info(&self, flag: &str, entry: &Entry) -> wire::FeatureToggleInfo {
        wire::FeatureToggleInfo {
            flag: flag.to_owned(),
            config: Some(entry.config()),
            version: self.0.version(flag),
        }
    }

    async fn define(
        &self,
        flag: &str,
        entry: Entry,
        expected: Option<u64>,
        reason: &str,
    ) -> Result<wire::FeatureToggleInfo, Error> {
        if !entry.is_always_on() {
            check_can_be_off(flag)?;
        }
        let reason = if reason.is_empty() {
            DEFAULT_REASON
        } else {
            reason
        };
        let author = Author::new(reason);
        let before = self.0.entry(flag);
        if before.is_none() {
            check_name(flag)?;
        }
        let after = entry.clone().into_value();
        let define = self.0.define(flag, after.clone(), expected, &author);
        define.await?;
        record_change(before.as_ref(), Some(&after));
        Ok(self.info(flag, &entry))
    }

    async fn set_enabled(
        &self,
        flag: &str,
        enabled: bool,
        expected: Option<u64>,
    ) -> Result<wire::FeatureToggleInfo, Error> {
        let version = expected.unwrap_or_else(|| self.0.version(flag));
        let mut entry = self.find(flag)?;
        entry.set_enabled(enabled, &now());
        self.define(flag, entry, Some(version), "").await
    }
}

impl wire::FeatureToggle for FeatureToggles {
    async fn list_toggles(
        &self,
        request: wire::ListTogglesRequest,
    ) -> Result<wire::ListTogglesReply, Error> {
        let page = request.page.max(1);
        let page_size = match request.page_size {
            0 => DEFAULT_PAGE_SIZE,
            size => size,
        };
        let enabled_only = request.enabled_only.unwrap_or_default();
        let entries = self.names().into_iter().map(|name| {
            let entry = self.entry(&name);
            (name, entry)
        });
        let matching: Vec<_> = entries
            .filter(|(_, entry)| entry.has_tag(&request.tags))
            .filter(|(_, entry)| !enabled_only || entry.is_enabled())
            .collect();
        let size = usize::try_from(page_size).unwrap_or_default();
        let skipped = usize::try_from(page - 1)
            .unwrap_or_default()
            .saturating_mul(size);
        let shown = matching.iter().skip(skipped).take(size);
        Ok(wire::ListTogglesReply {
            toggles: shown.map(|(name, entry)| self.info(name, entry)).collect(),
            total: count(matching.len()),
            page,
            page_size,
        })
    }

    async fn get_stats(&self, _: wire::GetStatsRequest) -> Result<wire::GetStatsReply, Error> {
        let entries: Vec<Entry> = self.names().iter().map(|name| self.entry(name)).collect();
        let enabled = entries.iter().filter(|entry| entry.is_enabled()).count();
        let mut strategies = BTreeMap::new();
        for entry in &entries {
            *strategies.entry(entry.strategy_name()).or_insert(0) += 1;
        }
        Ok(wire::GetStatsReply {
            total_toggles: count(entries.len()),
            enabled_count: count(enabled),
            disabled_count: count(entries.len() - enabled),
            strategies,
        })
    }

    async fn get_toggle(
        &self,
        request: wire::GetToggleRequest,
    ) -> Result<wire::GetToggleReply, Error> {
        let entry = self.find(&request.flag)?;
        Ok(wire::GetToggleReply {
            toggle: Some(self.info(&request.flag, &entry)),
        })
    }

    async fn update_toggle(
        &self,
        request: wire::UpdateToggleRequest,
    ) -> Result<wire::UpdateToggleReply, Error> {
        let now = Some(now());
        let known = self.find(&request.flag).ok();
        if known.as_ref().is_some_and(|known| !known.is_of_contract()) {
            return Err(not_of_contract());
        }
        let mut config = request.config.unwrap_or_default();
        config.created_at = known
            .as_ref()
            .map_or(now, |known| known.config().created_at);
        config.updated_at = now;
        let entry = Entry::from(config);
        check_rules(&entry)?;
        let entry = known.iter().fold(entry, Entry::with_file_fields);
        let expected = request.expected_version;
        let toggle = self
            .define(&request.flag, entry, expected, &request.reason)
            .await?;
        Ok(wire::UpdateToggleReply {
            toggle: Some(toggle),
        })
    }

    async fn delete_toggle(
        &self,
        request: wire::DeleteToggleRequest,
    ) -> Result<wire::DeleteToggleReply, Error> {
        self.find(&request.flag)?;
        check_can_be_off(&request.flag)?;
        let author = Author::new(DEFAULT_REASON);
        let before = self.0.entry(&request.flag);
        let expected = request.expected_version;
        self.0.remove(&request.flag, expected, &author).await?;
        // A flag of a file stays, disabled.
        record_change(before.as_ref(), self.0.entry(&request.flag).as_ref());
        Ok(wire::DeleteToggleReply { success: true })
    }

    async fn enable_toggle(
        &self,
        request: wire::EnableToggleRequest,
    ) -> Result<wire::EnableToggleReply, Error> {
        let toggle = self
            .set_enabled(&request.flag, true, request.expected_version)
            .await?;
        Ok(wire::EnableToggleReply {
            toggle: Some(toggle),
        })
    }

    async fn disable_toggle(
        &self,
        request: wire::DisableToggleRequest,
    ) -> Result<wire::DisableToggleReply, Error> {
        let toggle = self
            .set_enabled(&request.flag, false, request.expected_version)
            .await?;
        Ok(wire::DisableToggleReply {
            toggle: Some(toggle),
        })
    }

    async fn evaluate_toggle(
        &self,
        request: wire::EvaluateToggleRequest,
    ) -> Result<wire::EvaluateToggleReply, Error> {
        let caller = request.context.unwrap_or_default();
        let (enabled, reason) = evaluate(&self.0, &request.flag, caller);
        Ok(wire::EvaluateToggleReply {
            enabled,
            reason: reason.to_owned(),
        })
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Checks the name of a new flag. No client could read a flag at the path of the statistics.
///
/// # Errors
/// `INVALID_FLAG`.
fn check_name(flag: &str) -> Result<(), Error> {
    if flag == STATS {
        let message = "this name is reserved for the path of the statistics: use another name";
        return Err(Error::new(Code::Invalid, "INVALID_FLAG", message));
    }
    Ok(())
}

/// Checks the rules of a definition of the contract. A flag with combined rules could not be
/// updated again.
///
/// # Errors
/// `INVALID_FLAG`.
fn check_rules(entry: &Entry) -> Result<(), Error> {
    if entry.has_combined_rules() {
        let message = "only flag files can combine rules with all, any and not: remove these rules";
        return Err(Error::new(Code::Invalid, "INVALID_FLAG", message));
    }
    Ok(())
}

/// Returns the error for a flag that a definition of the contract would change.
fn not_of_contract() -> Error {
    let message = "this API cannot express the variants or rules of this flag: change its file, or enable or disable the flag";
    Error::new(Code::Conflict, "FLAG_NOT_EDITABLE", message)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_flag_cannot_have_the_path_of_the_statistics_flag_1() {
        assert_eq!(check_name("stats").unwrap_err().reason(), "INVALID_FLAG");
        assert!(check_name("statistics").is_ok());
    }

    #[test]
    fn definition_of_the_contract_combines_no_rules_flag_1() {
        for (strategy, rule, is_valid) in [
            (wire::Strategy::Simple, "any", false),
            (wire::Strategy::User, "all", false),
            (wire::Strategy::Percentage, "not", false),
            (wire::Strategy::User, "whitelist", true),
        ] {
            let config = wire::ToggleConfig {
                strategy: strategy.into(),
                rules: BTreeMap::from([(rule.to_owned(), "[]".to_owned())]),
                ..wire::ToggleConfig::default()
            };
            let checked = check_rules(&Entry::from(config));
            let reason = checked.map_err(|error| error.reason().to_owned());
            let expected = is_valid.then_some(()).ok_or("INVALID_FLAG".to_owned());
            assert_eq!(reason, expected, "{rule}");
        }
    }
}
