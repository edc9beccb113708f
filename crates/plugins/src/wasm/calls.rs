use serde_json::{Map, Value};

use super::{
    data::{guest_event, guest_question, hook_call, set_values, short},
    functions::{EventResult, HookResult, StepResult, typed},
    program::WasmProgram,
    times::Times,
    types::{
        GuestDecision, GuestEvent, GuestHandleError, GuestOutcome, GuestQuestion, HookCallV01,
        HookCallV02,
    },
};
use crate::{
    Capability, Decision, Event, HandlerError, Interface, Rejection,
    runtime::{
        CallError, CallLimits, Exports, HookInput, HookOutcome, LifecycleStep, Program, Question,
    },
};

impl Program for WasmProgram {
    fn exports(&self) -> Exports {
        self.functions.exports()
    }

    fn step(
        &self,
        step: LifecycleStep,
        limits: &CallLimits,
    ) -> Result<Result<(), String>, CallError> {
        let function = self.functions.step(step);
        let (result,) = self.enter(limits, |store, instance| match step {
            LifecycleStep::Initialize => {
                let settings = self.settings();
                typed::<(&str,), StepResult>(store, instance, function)?
                    .call(store, (settings.as_str(),))
            }
            _ => typed::<(), StepResult>(store, instance, function)?.call(store, ()),
        })?;
        Ok(result.map_err(short))
    }

    fn hook(&self, input: &HookInput, limits: &CallLimits) -> Result<HookOutcome, CallError> {
        let Some(function) = &self.functions.hook else {
            return Err(missing("hooks"));
        };
        let call = hook_call(input, self.times(), limits)?;
        let (result,) = self.enter(limits, |store, instance| match self.imports.api {
            Interface::V0_1 => typed::<(HookCallV01,), HookResult>(store, instance, function)?
                .call(store, (call.into(),)),
            Interface::V0_2 | Interface::V0_3 => {
                typed::<(HookCallV02,), HookResult>(store, instance, function)?.call(store, (call,))
            }
        })?;
        Ok(match result {
            Ok(GuestOutcome::Proceed(values)) => match set_values(values) {
                Ok(values) => HookOutcome::Proceed(values),
                Err(problem) => HookOutcome::Fail(problem),
            },
            Ok(GuestOutcome::Reject(rejection)) => HookOutcome::Reject(Rejection {
                status: rejection.status,
                reason: short(rejection.reason),
            }),
            Err(problem) => HookOutcome::Fail(short(problem)),
        })
    }

    fn handle(
        &self,
        handler: &str,
        event: &Event,
        limits: &CallLimits,
    ) -> Result<Result<(), HandlerError>, CallError> {
        let Some(function) = &self.functions.handle else {
            return Err(missing("events"));
        };
        let event = guest_event(event, self.times(), limits)?;
        let (result,) = self.enter(limits, |store, instance| {
            typed::<(&str, GuestEvent), EventResult>(store, instance, function)?
                .call(store, (handler, event))
        })?;
        Ok(result.map_err(|error| match error {
            GuestHandleError::Retry(why) => HandlerError::Transient(short(why)),
            GuestHandleError::Dead(why) => HandlerError::Permanent(short(why)),
        }))
    }

    fn decide(&self, question: &Question, limits: &CallLimits) -> Result<Decision, CallError> {
        let Some(function) = &self.functions.decide else {
            return Err(missing("policy"));
        };
        let question = guest_question(question, limits)?;
        let (decision,) = self.enter(limits, |store, instance| {
            typed::<(GuestQuestion,), (GuestDecision,)>(store, instance, function)?
                .call(store, (question,))
        })?;
        Ok(match decision {
            GuestDecision::Allow => Decision::Allow,
            GuestDecision::Deny(why) => Decision::Deny(short(why)),
        })
    }
}

impl WasmProgram {
    fn times(&self) -> Times {
        Times {
            has_clock: self.imports.capabilities.contains(&Capability::Clock),
        }
    }

    /// Returns the settings of the plugin as a JSON object. It is empty without the capability to
    /// read them.
    fn settings(&self) -> String {
        if !self.imports.capabilities.contains(&Capability::Config) {
            return "{}".to_owned();
        }
        let settings = self.imports.settings.iter();
        let settings = settings.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        Value::Object(settings.collect::<Map<_, _>>()).to_string()
    }
}

fn missing(interface: &str) -> CallError {
    CallError::Trap(format!("the component does not export `{interface}`"))
}
