//! The priorities of a session: first its end, then received packets, then events.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{MAX_RECEIVED, Session, draining};
use crate::{
    Closed,
    socket_io::{
        engine::{Malformed, Message, Protocol},
        namespace::EndReason,
        packet::{self, Packet},
    },
};

impl Session {
    /// Polls the running handler. Ready when it has finished.
    fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let outcome = ready!(work.as_mut().poll(context));
        self.work = None;
        self.finish(outcome);
        Poll::Ready(())
    }

    /// Waits until a namespace ends. Returns its name.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<(String, EndReason)> {
        for namespace in &mut self.namespaces {
            if let Poll::Ready(reason) = namespace.poll_end(context) {
                return Poll::Ready((namespace.socket.namespace().to_owned(), reason));
            }
        }
        Poll::Pending
    }

    /// Ends the session because one of its namespaces ends.
    fn leave(&mut self, namespace: &str, reason: EndReason) {
        self.namespaces.clear();
        self.end(match reason {
            EndReason::Closed(Closed::TooSlow) => Vec::new(),
            EndReason::Closed(Closed::Draining) => draining(namespace),
            EndReason::Closed(Closed::Disconnected) | EndReason::Expired => {
                vec![packet::disconnected(namespace)]
            }
        });
    }

    /// Waits for an event, or for the end of a namespace without further events.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let found =
            self.namespaces
                .iter_mut()
                .find_map(|namespace| match namespace.poll_event(context) {
                    Poll::Ready(event) => Some((namespace.socket.namespace().to_owned(), event)),
                    Poll::Pending => None,
                });
        match found {
            Some((namespace, Ok(event))) => {
                self.sending.extend(packet::event(&namespace, &event));
            }
            Some((namespace, Err(reason))) => self.leave(&namespace, EndReason::Closed(reason)),
            None => return Poll::Pending,
        }
        Poll::Ready(())
    }

    /// Waits until the deadline of a session without a namespace, or until the service stops.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let hub = &self.server.hub;
        let Some(idle) = &mut self.idle else {
            return Poll::Pending;
        };
        loop {
            let is_late = idle.since.elapsed() >= hub.config().connect_timeout.get();
            if is_late || hub.is_draining() {
                return Poll::Ready(());
            }
            ready!(Pin::new(&mut idle.check).poll_tick(context));
        }
    }
}

impl Protocol for Session {
    fn is_ready(&self) -> bool {
        self.work.is_none() && self.received.is_empty() && self.last.is_none()
    }

    fn receive(&mut self, message: Message) -> Result<(), Malformed> {
        let packet = match (message, self.partial.take()) {
            (Message::Text(text), None) => Packet::parse(&text)?,
            (Message::Binary(data), Some(mut packet)) => {
                packet.attachments.push(data);
                packet
            }
            _ => return Err(Malformed),
        };
        if !packet.is_complete() {
            self.partial = Some(packet);
        } else if self.received.len() >= MAX_RECEIVED {
            return Err(Malformed);
        } else if self.last.is_none() {
            self.received.push_back(packet);
        }
        Ok(())
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            if let Some(message) = self.sending.pop_front() {
                return Poll::Ready(Some(message));
            }
            if self.poll_work(context).is_ready() {
                continue;
            }
            if self.work.is_none()
                && let Some(last) = &mut self.last
            {
                if last.is_empty() {
                    return Poll::Ready(None);
                }
                self.sending.extend(last.drain(..));
                continue;
            }
            if self.last.is_some() {
                return Poll::Pending;
            }
            let is_draining = match self.poll_end(context) {
                // Its pending events are sent first.
                Poll::Ready((_, EndReason::Closed(Closed::Draining))) => true,
                Poll::Ready((namespace, reason)) => {
                    self.leave(&namespace, reason);
                    continue;
                }
                Poll::Pending => false,
            };
            if self.poll_idle(context).is_ready() {
                self.end(Vec::new());
                continue;
            }
            if self.work.is_none()
                && !is_draining
                && let Some(packet) = self.received.pop_front()
            {
                self.start(packet);
                continue;
            }
            if self.poll_event(context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn poll_blocked(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let is_ending = self.last.is_some()
                || self.poll_end(context).is_ready()
                || self.poll_idle(context).is_ready();
            if self.poll_work(context).is_ready() {
                continue;
            }
            match self.work {
                Some(_) => return Poll::Pending,
                None if is_ending => return Poll::Ready(()),
                None => {}
            }
            // One pending response is enough.
            if self.sending.is_empty()
                && let Some(packet) = self.received.pop_front()
            {
                self.start(packet);
                continue;
            }
            return Poll::Pending;
        }
    }
}
