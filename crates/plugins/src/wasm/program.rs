use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};
use wasmtime::{
    Store, Trap,
    component::{
        ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc,
    },
};

use super::{
    host::Host,
    ticker::Ticker,
    types::{
        Entry, GuestDecision, GuestEvent, GuestQuestion, HandleError, HookCallV01, HookCallV02,
        HookContextV01, HookContextV02, HookOutcome,
    },
};
use crate::{
    Interface, Rejection,
    runtime::{
        Answer, CallLimits, Exports, Fault, GuestCall, Imports, LifecycleStep, Program, Verdict,
    },
};

/// The limits of the check at the load of a component.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// The maximum number of resources of a component. Each uses a few bytes in the host.
const MAX_HANDLES: usize = 1_000;
/// The maximum length of a reason that a component gives, in bytes.
const MAX_REASON: usize = 1_000;

type StepResult = (Result<(), String>,);
type HookResult = (Result<HookOutcome, String>,);
type EventResult = (Result<(), HandleError>,);

/// A compiled component and the places of its functions.
pub(super) struct WasmProgram {
    prepared: InstancePre<Host>,
    imports: Arc<Imports>,
    ticker: Arc<Ticker>,
    functions: Functions,
}

struct Functions {
    initialize: ComponentExportIndex,
    start: ComponentExportIndex,
    stop: ComponentExportIndex,
    cleanup: ComponentExportIndex,
    health_check: ComponentExportIndex,
    hook: Option<ComponentExportIndex>,
    handle: Option<ComponentExportIndex>,
    decide: Option<ComponentExportIndex>,
}

impl WasmProgram {
    /// Finds the functions of a component, and checks their types in a first instance.
    ///
    /// # Errors
    /// A function is missing or has another type, or the component cannot be instantiated.
    pub(super) fn new(
        prepared: InstancePre<Host>,
        imports: Imports,
        ticker: Arc<Ticker>,
        max_memory: usize,
    ) -> Result<Self, String> {
        let component = prepared.component().clone();
        let find = |interface: &str, function: &str| {
            let name = format!("seaworthy:plugin/{interface}@{}", imports.api.as_str());
            let instance = component.get_export_index(None, name.as_str())?;
            component.get_export_index(Some(&instance), function)
        };
        let step = |function: &str| {
            find("lifecycle", function).ok_or_else(|| {
                format!(
                    "the component does not export `{function}` of seaworthy:plugin/lifecycle@{}",
                    imports.api.as_str()
                )
            })
        };
        let functions = Functions {
            initialize: step("initialize")?,
            start: step("start")?,
            stop: step("stop")?,
            cleanup: step("cleanup")?,
            health_check: step("health-check")?,
            hook: find("hooks", "run"),
            handle: find("events", "handle"),
            decide: find("policy", "decide"),
        };
        let program = Self {
            prepared,
            imports: Arc::new(imports),
            ticker,
            functions,
        };
        let limits = CallLimits {
            timeout: CHECK_TIMEOUT,
            memory: max_memory,
            payload: max_memory,
            host_calls: 0,
            processor_time: CHECK_TIMEOUT,
        };
        program
            .check(&limits)
            .map_err(|fault| format!("the component cannot be used: {fault}"))?;
        Ok(program)
    }

    fn check(&self, limits: &CallLimits) -> Result<(), Fault> {
        self.enter(limits, |store, instance| {
            let functions = &self.functions;
            typed::<(&str,), StepResult>(store, instance, &functions.initialize)?;
            for step in [
                &functions.start,
                &functions.stop,
                &functions.cleanup,
                &functions.health_check,
            ] {
                typed::<(), StepResult>(store, instance, step)?;
            }
            if let Some(hook) = &functions.hook {
                match self.imports.api {
                    Interface::V0_1 => {
                        typed::<(HookCallV01,), HookResult>(store, instance, hook)?;
                    }
                    Interface::V0_2 => {
                        typed::<(HookCallV02,), HookResult>(store, instance, hook)?;
                    }
                }
            }
            if let Some(handle) = &functions.handle {
                typed::<(&str, GuestEvent), EventResult>(store, instance, handle)?;
            }
            if let Some(decide) = &functions.decide {
                typed::<(GuestQuestion,), (GuestDecision,)>(store, instance, decide)?;
            }
            Ok(())
        })
    }

    /// Runs `work` in a new instance, within the limits.
    fn enter<R>(
        &self,
        limits: &CallLimits,
        work: impl FnOnce(&mut Store<Host>, &Instance) -> wasmtime::Result<R>,
    ) -> Result<R, Fault> {
        let begun = Instant::now();
        let _ticking = self.ticker.begin();
        let host = Host::new(Arc::clone(&self.imports), *limits, begun);
        let mut store = Store::new(self.prepared.engine(), host);
        store.limiter(|host| host);
        store.set_hostcall_fuel(limits.payload);
        store.set_max_component_handles(MAX_HANDLES);
        // Before the instance, whose start functions count, too.
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        store.set_epoch_deadline(1);
        let result = self
            .prepared
            .instantiate(&mut store)
            .and_then(|instance| work(&mut store, &instance));
        result.map_err(|error| fault(&error, store.data_mut(), limits))
    }

    fn step(&self, step: LifecycleStep, limits: &CallLimits) -> Result<Answer, Fault> {
        let functions = &self.functions;
        let function = match step {
            LifecycleStep::Initialize => &functions.initialize,
            LifecycleStep::Start => &functions.start,
            LifecycleStep::Stop => &functions.stop,
            LifecycleStep::Cleanup => &functions.cleanup,
            LifecycleStep::HealthCheck => &functions.health_check,
        };
        let (result,) = self.enter(limits, |store, instance| match step {
            LifecycleStep::Initialize => {
                let settings: Map<String, Value> = self
                    .imports
                    .settings
                    .iter()
                    .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                    .collect();
                let settings = Value::Object(settings).to_string();
                typed::<(&str,), StepResult>(store, instance, function)?
                    .call(store, (settings.as_str(),))
            }
            _ => typed::<(), StepResult>(store, instance, function)?.call(store, ()),
        })?;
        Ok(Answer::Step(result.map_err(short)))
    }

    fn hook(&self, call: &GuestCall, limits: &CallLimits) -> Result<Answer, Fault> {
        let (Some(function), Some(v02)) = (&self.functions.hook, hook_call(call)) else {
            return Err(missing("hooks"));
        };
        check_input(&[&v02.values, &v02.metadata], 0, limits)?;
        let (result,) = self.enter(limits, |store, instance| match self.imports.api {
            Interface::V0_1 => {
                let call = HookCallV01 {
                    hook: v02.hook,
                    point: v02.point,
                    context: HookContextV01 {
                        request_id: v02.context.request_id,
                        actor: v02.context.actor,
                    },
                    values: v02.values,
                    metadata: v02.metadata,
                };
                typed::<(HookCallV01,), HookResult>(store, instance, function)?.call(store, (call,))
            }
            Interface::V0_2 => {
                typed::<(HookCallV02,), HookResult>(store, instance, function)?.call(store, (v02,))
            }
        })?;
        Ok(Answer::Hook(match result {
            Ok(HookOutcome::Proceed(values)) => set_values(values).map(Ok),
            Ok(HookOutcome::Reject(rejection)) => Ok(Err(Rejection {
                status: rejection.status,
                reason: short(rejection.reason),
            })),
            Err(problem) => Err(short(problem)),
        }))
    }

    fn handle(
        &self,
        handler: &str,
        event: &crate::Event,
        limits: &CallLimits,
    ) -> Result<Answer, Fault> {
        let Some(function) = &self.functions.handle else {
            return Err(missing("events"));
        };
        let event = GuestEvent {
            id: event.id.clone(),
            kind: event.kind.to_string(),
            source: event.source.clone(),
            time: event.time_text(),
            data: Value::Object(event.data.clone()).to_string(),
            metadata: texts(event.metadata.iter()),
        };
        let others = event.id.len() + event.source.len() + event.data.len();
        check_input(&[&event.metadata], others, limits)?;
        let (result,) = self.enter(limits, |store, instance| {
            typed::<(&str, GuestEvent), EventResult>(store, instance, function)?
                .call(store, (handler, event))
        })?;
        Ok(Answer::Verdict(match result {
            Ok(()) => Verdict::Yes,
            Err(HandleError::Retry(why)) => Verdict::Retry(short(why)),
            Err(HandleError::Dead(why)) => Verdict::No(short(why)),
        }))
    }

    fn decide(
        &self,
        question: &crate::runtime::Question,
        limits: &CallLimits,
    ) -> Result<Answer, Fault> {
        let Some(function) = &self.functions.decide else {
            return Err(missing("policy"));
        };
        let question = GuestQuestion {
            subject: question.subject.clone(),
            action: question.action.clone(),
            resource: question.resource.clone(),
            context: entries(&question.context),
        };
        let others = question.subject.len() + question.action.len() + question.resource.len();
        check_input(&[&question.context], others, limits)?;
        let (decision,) = self.enter(limits, |store, instance| {
            typed::<(GuestQuestion,), (GuestDecision,)>(store, instance, function)?
                .call(store, (question,))
        })?;
        Ok(Answer::Verdict(match decision {
            GuestDecision::Allow => Verdict::Yes,
            GuestDecision::Deny(why) => Verdict::No(short(why)),
        }))
    }
}

impl Program for WasmProgram {
    fn exports(&self) -> Exports {
        Exports {
            hooks: self.functions.hook.is_some(),
            events: self.functions.handle.is_some(),
            policy: self.functions.decide.is_some(),
        }
    }

    fn call(&self, call: &GuestCall, limits: &CallLimits) -> Result<Answer, Fault> {
        match call {
            GuestCall::Lifecycle(step) => self.step(*step, limits),
            GuestCall::Hook { .. } => self.hook(call, limits),
            GuestCall::Event { handler, event } => self.handle(handler, event, limits),
            GuestCall::Decide(question) => self.decide(question, limits),
        }
    }
}

impl fmt::Debug for WasmProgram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WasmProgram")
            .field("plugin", &self.imports.plugin)
            .finish_non_exhaustive()
    }
}

fn typed<P, R>(
    store: &mut Store<Host>,
    instance: &Instance,
    function: &ComponentExportIndex,
) -> wasmtime::Result<TypedFunc<P, R>>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    instance.get_typed_func(store, function)
}

fn hook_call(call: &GuestCall) -> Option<HookCallV02> {
    let GuestCall::Hook {
        hook,
        point,
        context,
        values,
        metadata,
    } = call
    else {
        return None;
    };
    Some(HookCallV02 {
        hook: hook.clone(),
        point: point.as_str().to_owned(),
        context: HookContextV02 {
            request_id: context.request_id.clone(),
            actor: context.actor.clone(),
            tenant: context.tenant.clone(),
            remaining: context.remaining_ms,
        },
        values: entries(values),
        metadata: texts(metadata.iter().map(|(name, value)| (name, value))),
    })
}

fn entries(values: &Map<String, Value>) -> Vec<Entry> {
    let entry = |(name, value): (&String, &Value)| Entry {
        name: name.clone(),
        value: value.to_string(),
    };
    values.iter().map(entry).collect()
}

fn texts<'a>(texts: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<Entry> {
    let entry = |(name, value): (&String, &String)| Entry {
        name: name.clone(),
        value: value.clone(),
    };
    texts.map(entry).collect()
}

/// Checks the size of the data for a call.
///
/// # Errors
/// The lists and `others` have more bytes than the payload limit. The component is not called.
fn check_input(lists: &[&[Entry]], others: usize, limits: &CallLimits) -> Result<(), Fault> {
    let entries = lists.iter().copied().flatten();
    let sizes = entries.map(|entry| entry.name.len() + entry.value.len());
    match others + sizes.sum::<usize>() > limits.payload {
        true => Err(Fault::Input(limits.payload)),
        false => Ok(()),
    }
}

/// Reads the values that a hook sets.
///
/// # Errors
/// A value is not JSON. The call of the hook failed then, and sets nothing.
fn set_values(entries: Vec<Entry>) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    for Entry { name, value } in entries {
        let parsed = serde_json::from_str(&value)
            .map_err(|error| format!("set a value that is not valid JSON: {error}"))?;
        values.insert(name, parsed);
    }
    Ok(values)
}

/// Returns the start of a text of a component.
fn short(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_REASON.min(text.len())));
    text
}

fn missing(interface: &str) -> Fault {
    Fault::Trap(format!("the component does not export `{interface}`"))
}

/// Returns why a call ended.
fn fault(error: &wasmtime::Error, host: &mut Host, limits: &CallLimits) -> Fault {
    if let Some(exceeded) = host.exceeded.take() {
        return exceeded;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Fault::Timeout(limits.timeout),
        Some(trap) => Fault::Trap(trap.to_string()),
        None => Fault::Trap(short(format!("{error:#}"))),
    }
}
