use std::{borrow::Cow, sync::Arc};

use seaworthy_core::{Code, Error, RequestContext, context};
use serde_json::{Map, Value};

use super::{
    Plugins, RequestPlugins,
    failure_policy::{check_failure_mode, check_required, late},
};
use crate::{
    HookCall, HookPoint,
    hook::{HookEntry, HookTable},
    runtime::{CallError, HookContext, HookInput, HookOutcome},
    sandbox::{
        CallOrigin,
        json::{self, MAX_VALUES},
    },
};

/// The divisor of the part of the payload limit that the values of hooks must leave free, because
/// later points add metadata.
const RESERVED: usize = 16;
/// The maximum number of retries of a call whose plugin stops before it. Only changes within
/// microseconds cause more than one.
const MAX_STOPS: usize = 10;

/// The result of the hooks of one point.
#[derive(Debug, Clone, Default)]
pub struct HookReport {
    /// The call with the values that hooks set.
    pub call: HookCall,
    /// The hooks that failed, as `PLUGIN/HOOK`, with their problems.
    pub failed: Vec<(String, String)>,
}

impl Plugins {
    /// Calls the hooks of a point in the order of their priority. The failure of a hook without a
    /// veto does not stop the others.
    ///
    /// Within a request all calls use the plugins that were started at its first call, without
    /// those that an operator stopped since. After `plugins.drain_timeout` it uses the current
    /// plugins.
    ///
    /// # Errors
    /// - `PLUGIN_REJECTED`: a hook with a veto rejects the call.
    /// - `PLUGIN_UNAVAILABLE`: a hook with a veto fails, and `on_failure` of its plugin is
    ///   `closed`. At a point with a veto: a plugin of `plugins.required` is not started.
    pub async fn run_hooks(&self, point: HookPoint, call: HookCall) -> Result<HookReport, Error> {
        if self.is_idle() {
            let failed = Vec::new();
            return Ok(HookReport { call, failed });
        }
        let request = context::current();
        let table = self.for_request(request.as_deref());
        self.run(&table, point, call, request.as_deref()).await
    }

    /// Returns true if a started plugin has a hook at this point, and the switch `plugin_system` is
    /// on.
    #[must_use]
    pub fn has_hooks(&self, point: HookPoint) -> bool {
        self.0.switch.is_on() && !self.0.hooks.load().at(point).is_empty()
    }

    /// Runs an operation of the business logic between the hooks `before_biz` and `after_biz`, or
    /// `biz_error` if it fails, panics, or its future is dropped. Hooks read the metadata
    /// `operation`.
    ///
    /// # Errors
    /// The error of the operation, or of a hook with a veto.
    pub async fn around_business<T>(
        &self,
        operation: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let points = [HookPoint::BeforeBiz, HookPoint::AfterBiz];
        let failed = &[HookPoint::BizError];
        self.around(points, failed, operation, work).await
    }

    /// Runs an operation on stored data between the hooks `before_data` and `after_data`, or
    /// `data_error` if it fails, panics, or its future is dropped. Hooks read the metadata
    /// `operation`.
    ///
    /// # Errors
    /// The error of the operation, or of a hook with a veto.
    pub async fn around_data<T>(
        &self,
        operation: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let points = [HookPoint::BeforeData, HookPoint::AfterData];
        let failed = &[HookPoint::DataError];
        self.around(points, failed, operation, work).await
    }

    async fn around<T>(
        &self,
        [before, after]: [HookPoint; 2],
        failed: &'static [HookPoint],
        operation: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let request = context::current();
        let table = self.for_request(request.as_deref());
        if table.is_empty() {
            return work.await;
        }
        let call = HookCall::new().with_metadata("operation", operation);
        let call = self.run(&table, before, call, request.as_deref()).await?;
        let call = call.call;
        let call = table.later_call(call);
        let unfinished = self.unfinished(&table, failed, call, explain);
        let result = work.await;
        let call = unfinished.finish();
        // The work is done, so later hooks cannot change its result. `run` counts and logs
        // failures.
        match &result {
            Ok(_) => self.run_after(&table, after, call, request.as_ref()).await,
            Err(error) => {
                let call = call
                    .with_metadata("error", error.reason())
                    .with_metadata("message", error.message());
                for point in failed {
                    let call = call.clone();
                    self.run_after(&table, *point, call, request.as_ref()).await;
                }
            }
        }
        result
    }

    pub(crate) async fn run(
        &self,
        table: &RequestPlugins,
        point: HookPoint,
        call: HookCall,
        request: Option<&RequestContext>,
    ) -> Result<HookReport, Error> {
        let origin = CallOrigin::of(request);
        self.run_for(origin, table, point, call, request).await
    }

    /// Calls the hooks of a point for a caller that the request may not name yet.
    pub(crate) async fn run_for(
        &self,
        origin: CallOrigin,
        table: &RequestPlugins,
        point: HookPoint,
        call: HookCall,
        request: Option<&RequestContext>,
    ) -> Result<HookReport, Error> {
        // The caller may keep its table for hours.
        let newer = self.renew(table);
        let table = newer.as_ref().unwrap_or(table);
        if point.can_veto() {
            check_required(table)?;
        }
        let mut run = Run {
            point,
            request,
            origin,
            kept: table,
            set: table.values(),
            report: HookReport {
                call,
                failed: Vec::new(),
            },
        };
        // The values of this call replace those of earlier points.
        for (name, value) in &run.set {
            let values = &mut run.report.call.values;
            values.entry(name).or_insert_with(|| value.clone());
        }
        for hook in table.at(point) {
            self.run_one(hook, &mut run).await?;
        }
        Ok(run.report)
    }

    /// Counts a failed hook of a plugin.
    pub(crate) fn record_failed_hook(&self, plugin: &str) {
        self.0.observation.record_failed_hook(plugin);
    }

    /// Calls a hook or a plugin that a request found. If its version stopped since, calls the one
    /// that `find` returns from the current table. Returns the callee that was called last, and its
    /// result. Returns `None` if `find` returns `None`.
    pub(super) async fn call_started<C, R, F>(
        &self,
        mut callee: C,
        find: impl Fn(&HookTable) -> Option<C>,
        call: impl Fn(&C) -> F,
    ) -> Option<(C, Result<R, CallError>)>
    where
        F: Future<Output = Result<R, CallError>>,
    {
        let mut called = call(&callee).await;
        for _ in 0..MAX_STOPS {
            if !matches!(called, Err(CallError::Stopped)) {
                break;
            }
            callee = find(&self.0.hooks.load_full())?;
            called = call(&callee).await;
        }
        Some((callee, called))
    }

    /// Calls one hook, and keeps the values that it sets. The called version decides about a veto
    /// and about the reaction to a failure.
    async fn run_one(&self, hook: &HookEntry, run: &mut Run<'_>) -> Result<(), Error> {
        let context_size = HookContext::of(run.request).size();
        let input = || HookInput {
            hook: hook.name.clone(),
            point: run.point,
            context: HookContext::of(run.request),
            values: run.report.call.values.clone(),
            metadata: run.report.call.metadata.clone(),
        };
        let find = |table: &HookTable| {
            let mut current = table.at(run.point).iter();
            let current = current.find(|current| current.has_name_of(hook));
            current.cloned().map(Cow::Owned)
        };
        let call = |hook: &Cow<'_, HookEntry>| {
            let (plugin, timeout, input) = (Arc::clone(&hook.plugin), hook.timeout, input());
            let origin = run.origin;
            async move { plugin.hook(input, timeout, origin).await }
        };
        let called = self.call_started(Cow::Borrowed(hook), find, call).await;
        let Some((hook, called)) = called else {
            // The plugin is not started, or its current version does not have the hook.
            if run.point.can_veto() {
                self.check_not_required(hook.plugin.name())?;
            }
            return Ok(());
        };
        let is_busy = called.as_ref().is_err_and(CallError::is_busy);
        let problem = match called {
            Ok(HookOutcome::Proceed(set)) if set.is_empty() => return Ok(()),
            Ok(HookOutcome::Proceed(set)) => {
                let max = self.0.config.security.max_payload_size.as_usize();
                match run.add(&set, context_size, max) {
                    Ok(()) => return Ok(()),
                    Err(problem) => problem.to_owned(),
                }
            }
            Ok(HookOutcome::Reject(rejection)) if hook.is_veto => {
                return Err(hook.rejected(rejection));
            }
            Ok(HookOutcome::Reject(rejection)) => {
                format!(
                    "rejected the call, but does not have a veto: set `veto = true` in its manifest: {}",
                    rejection.reason
                )
            }
            Ok(HookOutcome::Fail(problem)) => problem,
            Err(CallError::Cancelled) if hook.is_veto => return Err(late()),
            Err(error) => error.to_string(),
        };
        let name = format!("{}/{}", hook.plugin.name(), hook.name);
        self.record_failed_hook(hook.plugin.name());
        // The plugin may have written the text, and each request may call the hook.
        if hook.plugin.log.admit() {
            let point = run.point.as_str();
            tracing::warn!(hook = name, point, problem, "a hook failed");
        }
        if hook.is_veto {
            check_failure_mode(&hook.plugin, &problem, is_busy)?;
        }
        run.report.failed.push((name, problem));
        Ok(())
    }
}

/// A call of the hooks of one point.
struct Run<'a> {
    point: HookPoint,
    request: Option<&'a RequestContext>,
    origin: CallOrigin,
    /// The values that the request keeps. Other points of the request may run concurrently.
    kept: &'a RequestPlugins,
    /// The values that hooks set at this point and at earlier points of the request.
    set: Map<String, Value>,
    report: HookReport,
}

impl Run<'_> {
    /// Adds the values that a hook sets. `context` is the size of the context of the call in bytes.
    ///
    /// # Errors
    /// With these values the next hook would get more than `max` bytes, or too many values.
    fn add(
        &mut self,
        set: &Map<String, Value>,
        context: usize,
        max: usize,
    ) -> Result<(), &'static str> {
        let mut call = self.report.call.clone();
        call.values.extend(set.clone());
        let check = |all: &HookCall| {
            if all.values.values().map(json::count).sum::<usize>() > MAX_VALUES {
                return Err("set more values than later hooks may get");
            }
            // Later hooks get the values and the context, which must fit into the payload limit of
            // their calls. The values that the service passes to them need space, too.
            if all.size() > max / 2 || call.size() + context > max - max / RESERVED {
                return Err("set more values than max_payload_size allows for the next hook");
            }
            Ok(())
        };
        self.set = self.kept.add(&self.set, set, check)?;
        self.report.call = call;
        Ok(())
    }
}

/// Adds the cause of the end of an operation that did not return.
fn explain(call: HookCall, end: Code) -> HookCall {
    call.with_metadata("error", end.name())
        .with_metadata("message", "the operation did not return")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::{
        UNAVAILABLE,
        tests::{MODULE, TestService, start, write},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn called_version_decides_about_its_veto_plug_2() {
        const HOOK: &str = "[[hooks]]\nname = \"note\"\npoint = \"before_biz\"\n";
        let TestService {
            service,
            plugins,
            folder,
        } = start(&[("notes", HOOK)]).await;
        let table = plugins.0.hooks.load_full();
        let old = table.at(HookPoint::BeforeBiz).first().unwrap();
        let run = "hooks@0.2.0#run\") (param i32) (result i32)";
        let traps = MODULE.replace(
            &format!("{run} (i32.const 16)"),
            &format!("{run} unreachable"),
        );
        let with_veto = format!("{HOOK}veto = true\n");
        write(folder.path(), "notes", &with_veto, &traps);
        plugins.reload("notes").await.unwrap();
        // The request found the old version before it ended.
        old.plugin.retire();
        let mut run = Run {
            point: HookPoint::BeforeBiz,
            request: None,
            origin: CallOrigin::Known,
            kept: &RequestPlugins::new(Arc::default()),
            set: Map::new(),
            report: HookReport::default(),
        };
        let failed = plugins.run_one(old, &mut run).await.unwrap_err();
        assert_eq!(failed.reason(), UNAVAILABLE);
        service.stop().await;
    }

    #[test]
    fn concurrent_points_share_the_limit_of_values_plug_2() {
        const MAX: usize = 1_000;
        let table = RequestPlugins::new(Arc::default());
        table.keep_values();
        // Both points begin before a hook sets values.
        let [mut first, mut second] =
            [HookPoint::BeforeBiz, HookPoint::BeforeData].map(|point| Run {
                point,
                request: None,
                origin: CallOrigin::Known,
                kept: &table,
                set: table.values(),
                report: HookReport::default(),
            });
        let value = |name: &str| Map::from_iter([(name.to_owned(), "x".repeat(300).into())]);
        first.add(&value("first"), 0, MAX).unwrap();
        let problem = "set more values than max_payload_size allows for the next hook";
        assert_eq!(second.add(&value("second"), 0, MAX), Err(problem));
        assert_eq!(table.values(), value("first"));
        // A hook may replace a value.
        second.add(&value("first"), 0, MAX).unwrap();
    }
}
