//! A Dockerfile.

use std::ops::Range;

use crate::model::{Fact, Resolution};

/// Files copied into a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The value of `--from=`. Absent if the source is the build context.
    pub from: Option<String>,
    /// The sources.
    pub sources: Vec<String>,
    /// The destination.
    pub destination: String,
    /// The location of the instruction.
    pub span: std::ops::Range<usize>,
}

/// `HEALTHCHECK`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// Words of the command. Empty for `NONE`.
    pub command: Vec<String>,
    /// Its location.
    pub span: Range<usize>,
}

/// One `FROM` and what follows.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    /// The base image, with the defaults of build arguments.
    pub base: String,
    /// `AS` name.
    pub name: Option<String>,
    /// The location of `FROM`.
    pub span: Range<usize>,
    /// The last `USER` of the stage itself.
    pub user: Option<(String, Range<usize>)>,
    /// The last `HEALTHCHECK`.
    pub healthcheck: Option<HealthCheck>,
    /// `EXPOSE`, literal ports only.
    pub exposed: Vec<u16>,
    /// `WORKDIR`.
    pub workdir: Option<String>,
    /// The last `ENTRYPOINT` as words.
    pub entrypoint: Vec<String>,
    /// The location of the last `CMD` or `ENTRYPOINT`.
    pub start: Option<Range<usize>>,
    /// The last `CMD` as words.
    pub command: Vec<String>,
    /// `RUN` lines, as written.
    pub runs: Vec<String>,
    /// `COPY` and `ADD`.
    pub copies: Vec<Copied>,
    /// `ENV`.
    pub environment: Vec<(String, String)>,
}

/// A Dockerfile as a whole.
#[derive(Debug, Clone)]
pub struct Image {
    /// Stages in order.
    pub stages: Vec<Stage>,
}

impl Image {
    /// The stage that is shipped: the named target, else the last.
    #[must_use]
    pub fn final_stage(&self, target: Option<&str>) -> Option<&Stage> {
        target
            .and_then(|target| self.stage(target))
            .or_else(|| self.stages.last())
    }

    /// The stage with a name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| {
            stage
                .name
                .as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        })
    }

    /// A stage and the stages it is built on, nearest first.
    #[must_use]
    pub fn lineage<'a>(&'a self, stage: &'a Stage) -> Vec<&'a Stage> {
        let mut line = vec![stage];
        let mut current = stage;
        while line.len() <= self.stages.len() {
            match self.stage(&current.base) {
                Some(base) if !std::ptr::eq(base, current) => {
                    line.push(base);
                    current = base;
                }
                _ => break,
            }
        }
        line
    }

    /// The user that the shipped stage runs as: absent when no stage of the file sets one.
    #[must_use]
    pub fn user(&self, target: Option<&str>) -> Resolution<(String, Range<usize>)> {
        let Some(stage) = self.final_stage(target) else {
            return Resolution::Absent;
        };
        match self
            .lineage(stage)
            .into_iter()
            .find_map(|stage| stage.user.clone())
        {
            Some((user, _)) if user.contains('$') => {
                Resolution::Unknown(format!("the user is the build argument {user}"))
            }
            Some(user) => Resolution::Known(user),
            None => Resolution::Absent,
        }
    }

    /// The health check of the shipped stage.
    #[must_use]
    pub fn healthcheck(&self, target: Option<&str>) -> Option<&HealthCheck> {
        let stage = self.final_stage(target)?;
        self.lineage(stage)
            .into_iter()
            .find_map(|stage| stage.healthcheck.as_ref())
    }
}

impl Fact for Image {
    const KIND: &'static str = "container images";
}
