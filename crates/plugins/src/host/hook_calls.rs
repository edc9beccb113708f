//! The calls of the hooks of one point.

use std::{borrow::Cow, sync::Arc};

use futures::future::BoxFuture;
use seaworthy_core::{Error, RequestContext};
use serde_json::{Map, Value};

use super::{
    HookReport, Plugins, RequestPlugins,
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
/// The maximum number of retries of a call whose plugin stops before it. Each retry needs another
/// change of the plugin.
const MAX_STOPS: usize = 10;

impl Plugins {
    pub(crate) async fn run(
        &self,
        table: &RequestPlugins,
        point: HookPoint,
        call: HookCall,
        request: Option<&RequestContext>,
    ) -> Result<HookReport, Error> {
        let caller = HookCaller::from(CallOrigin::of(request));
        self.run_for(caller, table, point, call, request).await
    }

    /// Calls the hooks of a point for a caller that the context of the request may not have yet.
    pub(crate) async fn run_for(
        &self,
        mut caller: HookCaller<'_>,
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
            self.run_one(hook, &mut caller, &mut run).await?;
        }
        Ok(run.report)
    }

    /// Counts a failed hook of a plugin.
    pub(crate) fn record_failed_hook(&self, plugin: &str) {
        self.0.observation.record_failed_hook(plugin);
    }

    /// Calls a hook or a plugin that a request found. If its version has stopped, calls the one
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
            callee = find(&self.current_hooks())?;
            called = call(&callee).await;
        }
        Some((callee, called))
    }

    /// Returns the table of hooks after the running change of plugins. A stop sets the status of a
    /// plugin before it replaces the table, and holds the lock meanwhile.
    fn current_hooks(&self) -> Arc<HookTable> {
        let _change = self.0.loaded.lock();
        self.0.hooks.load_full()
    }

    /// Calls one hook, and keeps the values that it sets. The called version decides about a veto
    /// and about the reaction to a failure.
    async fn run_one(
        &self,
        hook: &HookEntry,
        caller: &mut HookCaller<'_>,
        run: &mut Run<'_>,
    ) -> Result<(), Error> {
        let context_size = HookContext::of(run.request).size();
        let mut called = self.call_hook(hook, caller.origin, run).await;
        // The hook has not begun. With valid credentials it can use the other part of the limits.
        if let Some((_, Err(error))) = &called
            && error.is_busy()
            && caller.verify().await
        {
            called = self.call_hook(hook, caller.origin, run).await;
        }
        let Some((current, called)) = called else {
            // The plugin is not started, or its current version does not have the hook.
            if run.point.can_veto() {
                self.check_hook_not_required(hook)?;
            }
            return Ok(());
        };
        if hook.is_veto && !current.is_veto {
            self.check_hook_not_required(hook)?;
        }
        let hook = current;
        let is_caused_by_callers = called.as_ref().is_err_and(CallError::is_caused_by_callers);
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
            check_failure_mode(&hook.plugin, &problem, is_caused_by_callers)?;
        }
        run.report.failed.push((name, problem));
        Ok(())
    }

    /// Calls one hook. Returns the called version and its result. Returns `None` if the plugin is
    /// not started, or if its current version does not have the hook.
    async fn call_hook<'a>(
        &self,
        hook: &'a HookEntry,
        origin: CallOrigin,
        run: &Run<'_>,
    ) -> Option<(Cow<'a, HookEntry>, Result<HookOutcome, CallError>)> {
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
            async move { plugin.hook(input, timeout, origin).await }
        };
        self.call_started(Cow::Borrowed(hook), find, call).await
    }
}

/// The caller for which hooks run.
pub(crate) struct HookCaller<'a> {
    origin: CallOrigin,
    /// Verifies the credentials of an anonymous caller. Returns whether they are valid.
    verify: Option<BoxFuture<'a, bool>>,
}

impl<'a> HookCaller<'a> {
    /// Verifies the credentials of the caller if a hook has no time or thread for anonymous
    /// callers.
    pub(crate) fn verified_by(mut self, verify: BoxFuture<'a, bool>) -> Self {
        self.verify = Some(verify);
        self
    }

    /// Verifies the credentials of an anonymous caller once. Returns whether they are valid.
    async fn verify(&mut self) -> bool {
        let Some(verify) = self.verify.take() else {
            return false;
        };
        let is_known = self.origin == CallOrigin::Anonymous && verify.await;
        if is_known {
            self.origin = CallOrigin::Authenticated;
        }
        is_known
    }
}

impl From<CallOrigin> for HookCaller<'_> {
    fn from(origin: CallOrigin) -> Self {
        let verify = None;
        Self { origin, verify }
    }
}

/// A call of the hooks of one point.
struct Run<'a> {
    point: HookPoint,
    request: Option<&'a RequestContext>,
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

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;
    use crate::{
        PluginStatus, PluginsConfig,
        host::{
            UNAVAILABLE,
            tests::{MODULE, TestService, failed_hooks, start, start_with, write},
        },
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
        let failed = run_after_end(&plugins, old).await.unwrap_err();
        assert_eq!(failed.reason(), UNAVAILABLE);
        service.stop().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn call_waits_for_the_end_of_a_stop_plug_1() {
        const HOOK: &str = "[[hooks]]\nname = \"note\"\npoint = \"before_biz\"\n";
        let TestService {
            service,
            plugins,
            folder: _folder,
        } = start(&[("notes", HOOK)]).await;
        let notes = plugins.plugin("notes").unwrap();
        let (sender, ended) = mpsc::channel();
        {
            let mut loaded = plugins.0.loaded.lock();
            notes.set_status(PluginStatus::Stopped);
            let caller = plugins.clone();
            tokio::spawn(async move { sender.send(failed_hooks(&caller).await) });
            // The table still has the hook, so the call waits for another one.
            assert!(ended.recv_timeout(Duration::from_millis(50)).is_err());
            plugins.unregister(&mut loaded, &notes);
        }
        let failed = ended.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(failed, []);
        service.stop().await;
    }

    /// Ends the version of a hook, and calls the hook for a request that found it earlier.
    async fn run_after_end(plugins: &Plugins, hook: &HookEntry) -> Result<(), Error> {
        hook.plugin.retire();
        let mut run = Run {
            point: HookPoint::BeforeBiz,
            request: None,
            kept: &RequestPlugins::new(Arc::default()),
            set: Map::new(),
            report: HookReport::default(),
        };
        let mut caller = CallOrigin::Authenticated.into();
        plugins.run_one(hook, &mut caller, &mut run).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn renamed_veto_of_a_required_plugin_is_not_skipped_plug_2() {
        const HOOK: &str = "[[hooks]]\nname = \"guard\"\npoint = \"before_biz\"\nveto = true\n";
        let declared = [("rules", HOOK), ("other", HOOK)];
        let required = |config: &mut PluginsConfig| config.required = vec!["rules".to_owned()];
        let TestService {
            service,
            plugins,
            folder,
        } = start_with(&declared, required).await;
        let table = plugins.0.hooks.load_full();
        let mut old = table.at(HookPoint::BeforeBiz).iter();
        let (other, rules) = (old.next().unwrap(), old.next().unwrap());
        assert_eq!(rules.plugin.name(), "rules");
        let renamed = HOOK.replace("\"guard\"", "\"check\"");
        let beside = format!("{renamed}{}", HOOK.replace("veto = true\n", ""));
        for more in [&renamed, &beside] {
            for name in ["rules", "other"] {
                write(folder.path(), name, more, MODULE);
                plugins.reload(name).await.unwrap();
            }
            let failed = run_after_end(&plugins, rules).await.unwrap_err();
            assert_eq!(failed.reason(), UNAVAILABLE);
            // The service also serves without this plugin.
            run_after_end(&plugins, other).await.unwrap();
        }
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
