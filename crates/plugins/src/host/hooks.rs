use seaworthy_core::{Code, Error, context};

use super::Plugins;
use crate::{HookCall, HookPoint, hook::PointSet};

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
    ///   `closed`. Or its plugin has no time or thread, or gets too much data. At a point with a
    ///   veto: a plugin of `plugins.required` is not started.
    pub async fn run_hooks(&self, point: HookPoint, call: HookCall) -> Result<HookReport, Error> {
        if self.is_idle(PointSet::of([point])) {
            let failed = Vec::new();
            return Ok(HookReport { call, failed });
        }
        // The box keeps this future small. A call without hooks then copies little.
        Box::pin(self.run_current(point, call)).await
    }

    async fn run_current(&self, point: HookPoint, call: HookCall) -> Result<HookReport, Error> {
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
        points: [HookPoint; 2],
        failed: &'static [HookPoint],
        operation: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let called = points.iter().chain(failed).copied();
        if self.is_idle(PointSet::of(called)) {
            return work.await;
        }
        // The box keeps this future small, as in `run_hooks`.
        Box::pin(self.between_hooks(points, failed, operation, work)).await
    }

    async fn between_hooks<T>(
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
}

/// Adds the cause of the end of an operation that did not return.
fn explain(call: HookCall, end: Code) -> HookCall {
    call.with_metadata("error", end.name())
        .with_metadata("message", "the operation did not return")
}
