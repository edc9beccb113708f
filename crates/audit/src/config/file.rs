//! `seaworthy-audit.toml`: what a team decides about the audit of its repository.
//!
//! It contains no limits, because a repository must not raise the cost of its own audit.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::ignored::path_pattern;
use super::{AuditConfig, ConfigError, RuleSetting, ServiceTier, Tier};
use crate::rule::{FailOn, Severity, rules};
use crate::suppression::ConfiguredSuppression;

/// The file's name in the root of a repository.
pub const CONFIG_FILE_NAME: &str = "seaworthy-audit.toml";
/// Maximum size of a configuration file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// A configuration file, checked.
#[derive(Debug, Clone, Default)]
pub struct ConfigFile {
    /// Lowest severity that fails.
    pub fail_on: Option<FailOn>,
    /// The baseline, relative to the root.
    pub baseline: Option<PathBuf>,
    tier: Option<Tier>,
    ignored: Vec<String>,
    service_tiers: Vec<ServiceTier>,
    rules: BTreeMap<String, RuleSetting>,
    suppressions: Vec<ConfiguredSuppression>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    fail_on: Option<Spanned<String>>,
    baseline: Option<Spanned<String>>,
    tier: Option<Tier>,
    #[serde(default)]
    ignore: Vec<Spanned<String>>,
    #[serde(default)]
    rules: BTreeMap<Spanned<String>, Spanned<WrittenRule>>,
    #[serde(default)]
    services: BTreeMap<Spanned<String>, WrittenService>,
    #[serde(default)]
    suppress: Vec<Spanned<WrittenSuppression>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenRule {
    severity: Option<Spanned<String>>,
    off: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenService {
    tier: Tier,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenSuppression {
    rule: Spanned<String>,
    path: Option<Spanned<String>>,
    fingerprint: Option<String>,
    service: Option<String>,
    reason: Spanned<String>,
    until: Option<Spanned<Datetime>>,
}

impl ConfigFile {
    /// Reads the file of a repository. Returns `None` if there is no such file, or if it is a
    /// symbolic link.
    ///
    /// # Errors
    /// As [`ConfigFile::read`].
    pub fn find(root: &Path) -> Result<Option<Self>, ConfigError> {
        let path = root.join(CONFIG_FILE_NAME);
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => Self::read(&path).map(Some),
            _ => Ok(None),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// - [`ConfigError::Unreadable`] if it cannot be read or is larger than 256 KiB.
    /// - [`ConfigError::Invalid`] with line and column for the first invalid setting.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable {
            path: path.to_path_buf(),
            source,
        };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
            .map_err(unreadable)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(unreadable(std::io::Error::other(format!(
                "it is larger than {MAX_BYTES} bytes"
            ))));
        }
        Self::parse(path, &text)
    }

    /// Parses text. Errors name `path`.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let place = Place { path, text };
        let written: Written = toml::from_str(text).map_err(|error| {
            ConfigError::at(
                path,
                text,
                error.span(),
                error.message().replace('\n', ", "),
            )
        })?;
        let mut file = Self {
            tier: written.tier,
            ..Self::default()
        };
        if let Some(fail_on) = &written.fail_on {
            file.fail_on = Some(place.parse(fail_on)?);
        }
        if let Some(baseline) = &written.baseline {
            let inside = Path::new(baseline.get_ref())
                .components()
                .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if !inside {
                return Err(place.error(baseline, "`baseline` must be inside the repository"));
            }
            file.baseline = Some(PathBuf::from(baseline.get_ref()));
        }
        for pattern in &written.ignore {
            path_pattern(pattern.get_ref())
                .map_err(|error| place.error(pattern, error.to_string()))?;
            file.ignored.push(pattern.get_ref().clone());
        }
        for (id, setting) in &written.rules {
            let id = place.rule(id)?;
            file.rules.insert(id, place.setting(setting)?);
        }
        for (name, service) in &written.services {
            file.service_tiers.push(ServiceTier {
                service: name.get_ref().clone(),
                tier: service.tier,
                place: place.of(name),
            });
        }
        for suppression in &written.suppress {
            file.suppressions.push(place.suppression(suppression)?);
        }
        Ok(file)
    }

    /// Applies the file to the settings of an audit.
    ///
    /// # Errors
    /// When the patterns of `ignore` are too large together.
    pub fn apply(&self, config: &mut AuditConfig) -> Result<(), globset::Error> {
        config.tier = self.tier.unwrap_or(config.tier);
        config.ignored =
            std::mem::take(&mut config.ignored).with(self.ignored.iter().map(String::as_str))?;
        config.service_tiers.extend(self.service_tiers.clone());
        config.rules.extend(self.rules.clone());
        config.suppressions.extend(self.suppressions.clone());
        Ok(())
    }
}

/// The text, for the place of an error.
struct Place<'t> {
    path: &'t Path,
    text: &'t str,
}

impl Place<'_> {
    fn error<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> ConfigError {
        ConfigError::at(self.path, self.text, Some(at.span()), message)
    }

    fn of<T>(&self, at: &Spanned<T>) -> String {
        let name = self
            .path
            .file_name()
            .map_or_else(|| CONFIG_FILE_NAME.into(), |name| name.to_string_lossy());
        let line = self
            .text
            .get(..at.span().start)
            .map_or(0, |before| before.matches('\n').count());
        format!("{name}:{}", line + 1)
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        written: &Spanned<String>,
    ) -> Result<T, ConfigError> {
        written
            .get_ref()
            .parse()
            .map_err(|error: T::Err| self.error(written, error.to_string()))
    }

    fn rule(&self, id: &Spanned<String>) -> Result<String, ConfigError> {
        rules()
            .iter()
            .map(|rule| rule.metadata.id)
            .find(|known| known.eq_ignore_ascii_case(id.get_ref()))
            .map(str::to_owned)
            .ok_or_else(|| {
                self.error(
                    id,
                    format!(
                        "no rule has the ID `{}`: list all with `seaworthy audit rules`",
                        id.get_ref()
                    ),
                )
            })
    }

    fn setting(&self, written: &Spanned<WrittenRule>) -> Result<RuleSetting, ConfigError> {
        match (&written.get_ref().severity, &written.get_ref().off) {
            (Some(severity), None) => Ok(RuleSetting::Severity(self.parse::<Severity>(severity)?)),
            (None, Some(reason)) => Ok(RuleSetting::Off {
                reason: self.reason(reason)?,
            }),
            _ => Err(self.error(
                written,
                "a rule needs either `severity = \"…\"` or `off = \"the reason\"`",
            )),
        }
    }

    fn reason(&self, written: &Spanned<String>) -> Result<String, ConfigError> {
        let reason = written.get_ref().trim();
        if reason.is_empty() {
            return Err(self.error(written, "the reason is empty"));
        }
        Ok(reason.to_owned())
    }

    fn suppression(
        &self,
        written: &Spanned<WrittenSuppression>,
    ) -> Result<ConfiguredSuppression, ConfigError> {
        let inner = written.get_ref();
        if inner.path.is_none() && inner.fingerprint.is_none() && inner.service.is_none() {
            return Err(self.error(
                written,
                "a suppression must name a `path`, a `fingerprint` or a `service`: to switch a rule off, use `[rules.\"ID\"]`",
            ));
        }
        let path = inner
            .path
            .as_ref()
            .map(|path| {
                path_pattern(path.get_ref())
                    .map(|glob| glob.compile_matcher())
                    .map_err(|error| self.error(path, error.to_string()))
            })
            .transpose()?;
        Ok(ConfiguredSuppression {
            rule: self.rule(&inner.rule)?,
            path,
            fingerprint: inner.fingerprint.clone(),
            service: inner.service.clone(),
            reason: self.reason(&inner.reason)?,
            until: inner
                .until
                .as_ref()
                .map(|until| self.date(until))
                .transpose()?,
            place: self.of(written),
        })
    }

    fn date(&self, written: &Spanned<Datetime>) -> Result<NaiveDate, ConfigError> {
        written
            .get_ref()
            .date
            .and_then(|date| {
                NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
            })
            .ok_or_else(|| self.error(written, "`until` is a date: until = 2027-01-31"))
    }
}

#[cfg(test)]
mod tests;
