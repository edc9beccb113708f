use chrono::Utc;
use wasmtime::{StoreContextMut, component::Linker};

use super::{
    call_state::CallState,
    times::Times,
    types::{GuestRequest, GuestResponse, LogLevel, NewEvent},
};
use crate::{Capability, runtime::Imports, text::truncated};

/// The maximum length of a line of a plugin in the log, in bytes. The rest is cut off.
const MAX_LINE: usize = 4 * 1024;

/// Links the host functions of the requested capabilities. A component that imports other functions
/// cannot be loaded.
///
/// # Errors
/// A name is linked twice.
pub(super) fn link(linker: &mut Linker<CallState>, imports: &Imports) -> wasmtime::Result<()> {
    for capability in &imports.capabilities {
        let interface = match capability {
            Capability::Log => "log",
            Capability::Clock => "clock",
            Capability::Config => "configuration",
            Capability::KeyValue => "key-value",
            Capability::Http => "http",
            Capability::Events => "bus",
        };
        let name = format!("seaworthy:plugin/{interface}@{}", imports.api.as_str());
        let mut instance = linker.instance(&name)?;
        match capability {
            Capability::Log => instance.func_wrap("write", write)?,
            Capability::Clock => instance.func_wrap("now", now)?,
            Capability::Config => instance.func_wrap("get", setting)?,
            Capability::KeyValue => {
                instance.func_wrap("get", get)?;
                instance.func_wrap("set", set)?;
                instance.func_wrap("delete", delete)?;
            }
            Capability::Http => instance.func_wrap("send", send)?,
            Capability::Events => instance.func_wrap("publish", publish)?,
        }
    }
    Ok(())
}

type Store<'a> = StoreContextMut<'a, CallState>;

fn write(mut store: Store<'_>, (level, message): (LogLevel, String)) -> wasmtime::Result<()> {
    let state = store.data_mut();
    state.admit()?;
    state.count_sent(message.len())?;
    if !state.imports.log.admit() {
        return Ok(());
    }
    let plugin = &*state.imports.plugin;
    let text = truncated(&message, MAX_LINE);
    match level {
        LogLevel::Debug => tracing::debug!(plugin, text, "a plugin logged a message"),
        LogLevel::Info => tracing::info!(plugin, text, "a plugin logged a message"),
        LogLevel::Warn => tracing::warn!(plugin, text, "a plugin logged a message"),
        LogLevel::Error => tracing::error!(plugin, text, "a plugin logged a message"),
    }
    Ok(())
}

fn now(mut store: Store<'_>, (): ()) -> wasmtime::Result<(u64,)> {
    store.data_mut().admit()?;
    let coarse = Times { has_clock: true }.round(Utc::now());
    Ok((u64::try_from(coarse).unwrap_or_default(),))
}

fn setting(mut store: Store<'_>, (name,): (String,)) -> wasmtime::Result<(Option<String>,)> {
    let state = store.data_mut();
    state.admit()?;
    state.count_sent(name.len())?;
    let value = state.imports.settings.get(&name);
    let value = value.map(|value| serde_json::Value::from(value.as_str()).to_string());
    state.count_received(value.as_ref().map_or(0, String::len))?;
    Ok((value,))
}

fn get(mut store: Store<'_>, (key,): (String,)) -> wasmtime::Result<(Option<Vec<u8>>,)> {
    let state = store.data_mut();
    state.admit()?;
    state.count_sent(key.len())?;
    let value = state.imports.keys.get(&key);
    state.count_received(value.as_ref().map_or(0, Vec::len))?;
    Ok((value,))
}

type Stored = Result<(), String>;

fn set(mut store: Store<'_>, (key, value): (String, Vec<u8>)) -> wasmtime::Result<(Stored,)> {
    let state = store.data_mut();
    state.admit()?;
    state.count_sent(key.len().saturating_add(value.len()))?;
    Ok((state.imports.keys.set(key, value),))
}

fn delete(mut store: Store<'_>, (key,): (String,)) -> wasmtime::Result<()> {
    let state = store.data_mut();
    state.admit()?;
    state.count_sent(key.len())?;
    state.imports.keys.delete(&key);
    Ok(())
}

type Sent = Result<GuestResponse, String>;

fn send(mut store: Store<'_>, (request,): (GuestRequest,)) -> wasmtime::Result<(Sent,)> {
    let state = store.data_mut();
    state.admit()?;
    state.count_sent(size(&request))?;
    let Some(http) = &state.imports.http else {
        return Ok((Err("the capability \"http\" is not granted".to_owned()),));
    };
    let headers = request.headers.into_iter();
    let headers: Vec<_> = headers.map(|entry| (entry.name, entry.value)).collect();
    let begin = state.begin_wait();
    let sent = http.send(
        &request.method,
        &request.url,
        &headers,
        request.body,
        (state.deadline, &state.limits.caller),
        state.receivable(),
    );
    // Without this check the guest would run until its next tick after the deadline.
    state.end_wait(begin)?;
    state.count_received(sent.as_ref().map_or(0, |result| result.body.len()))?;
    Ok((sent.map(|result| GuestResponse {
        status: result.status,
        body: result.body,
    }),))
}

type Published = Result<(), String>;

fn publish(mut store: Store<'_>, (event,): (NewEvent,)) -> wasmtime::Result<(Published,)> {
    let state = store.data_mut();
    state.admit()?;
    let metadata = event.metadata.iter();
    let metadata = metadata.map(|entry| entry.name.len() + entry.value.len());
    let size = event.kind.len() + event.data.len() + metadata.sum::<usize>();
    state.count_sent(size)?;
    let Some(events) = &state.imports.events else {
        return Ok((Err("the capability \"events\" is not granted".to_owned()),));
    };
    let metadata = event.metadata.into_iter();
    let metadata = metadata.map(|entry| (entry.name, entry.value));
    Ok((events.publish(&event.kind, &event.data, metadata.collect(), size),))
}

/// Returns the size of a request that a plugin passes to the host, in bytes.
fn size(request: &GuestRequest) -> usize {
    let headers = request.headers.iter();
    let headers = headers.flat_map(|entry| [entry.name.len(), entry.value.len()]);
    let others = [&request.method, &request.url].map(String::len);
    let sizes = headers.chain(others).chain([request.body.len()]);
    sizes.fold(0, usize::saturating_add)
}
