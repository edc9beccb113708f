use super::*;

fn now() -> Moment {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

fn all() -> [State; 3] {
    [StateName::Draft, StateName::Published, StateName::Canceled]
        .map(|name| State::new(name, Some(now()), None))
}

/// `None` for a refusal.
fn names(change: impl Fn(State) -> Result<State, EventError>) -> [Option<StateName>; 3] {
    all().map(|state| change(state).ok().map(State::name))
}

#[test]
fn every_state_leads_where_the_contract_says_and_nowhere_else() {
    let later = at("2026-03-02T12:00:00Z");
    let published = names(|state| state.publish(later, now()));
    assert_eq!(published, [Some(StateName::Published), None, None]);
    let unpublished = names(State::unpublish);
    assert_eq!(unpublished, [None, Some(StateName::Draft), None]);
    let canceled = names(|state| state.cancel(now()));
    let over = Some(StateName::Canceled);
    assert_eq!(canceled, [over, over, None]);
    let changed = all().map(|state| state.change(later, now()).is_ok());
    assert_eq!(changed, [true, true, false]);
}

#[test]
fn a_draft_of_an_event_that_began_more_than_five_minutes_ago_is_not_published() {
    let draft = State::NEW;
    assert!(draft.publish(at("2026-03-01T11:55:00Z"), now()).is_ok());
    let late = draft.publish(at("2026-03-01T11:54:59Z"), now());
    assert!(matches!(late, Err(EventError::Invalid { .. })));
}

#[test]
fn an_event_that_is_over_is_not_changed_and_can_be_canceled() {
    let published = State::new(StateName::Published, Some(now()), None);
    assert!(published.change(now(), now()).is_err());
    assert!(published.cancel(now()).is_ok());
}

#[test]
fn unpublishing_keeps_the_moment_of_publication() {
    let published = State::new(StateName::Published, Some(now()), None);
    assert_eq!(published.unpublish().unwrap().published_at(), Some(now()));
}
