use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn all_states() -> [State; 3] {
    [StateName::Draft, StateName::Published, StateName::Canceled]
        .map(|name| State::from_parts(name, Some(now()), None))
}

/// Returns the next state for each state, or `None` for a rejected transition.
fn next_states(transition: impl Fn(State) -> Result<State, EventError>) -> [Option<StateName>; 3] {
    all_states().map(|state| transition(state).ok().map(State::name))
}

#[test]
fn transitions_are_those_of_the_contract() {
    let later = at("2026-03-02T12:00:00Z");
    let published = next_states(|state| state.publish(later, now()));
    assert_eq!(published, [Some(StateName::Published), None, None]);
    let unpublished = next_states(State::unpublish);
    assert_eq!(unpublished, [None, Some(StateName::Draft), None]);
    let canceled = next_states(|state| state.cancel(now()));
    let expected = Some(StateName::Canceled);
    assert_eq!(canceled, [expected, expected, None]);
    let changeable = all_states().map(|state| state.check_change(later, now()).is_ok());
    assert_eq!(changeable, [true, true, false]);
}

#[test]
fn publish_rejects_start_more_than_five_minutes_ago() {
    let draft = State::NEW;
    assert!(draft.publish(at("2026-03-01T11:55:00Z"), now()).is_ok());
    let late = draft.publish(at("2026-03-01T11:54:59Z"), now());
    assert!(matches!(late, Err(EventError::Invalid { .. })));
}

#[test]
fn ended_event_can_be_canceled_but_not_changed() {
    let published = State::from_parts(StateName::Published, Some(now()), None);
    assert!(published.check_change(now(), now()).is_err());
    assert!(published.cancel(now()).is_ok());
}

#[test]
fn unpublish_keeps_publication_time() {
    let published = State::from_parts(StateName::Published, Some(now()), None);
    assert_eq!(published.unpublish().unwrap().published_at(), Some(now()));
}
