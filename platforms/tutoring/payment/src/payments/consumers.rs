use seaworthy::{
    messaging::{Failure, Received, Subscription},
    outbox::Inbox,
};
use serde_json::Value;
use tutoring_contract::events::{
    CourseAccessGranted, CourseChanged, CourseCompleted, Occurred, PurchaseCreated, StudentChanged,
    TrainerAllocated,
};
use uuid::Uuid;

use crate::store::{CoinKind, Coins, Courses, PaymentRows, Progress};

/// Returns the subscription of the service.
pub(crate) fn subscription(group: &str, inbox: &Inbox) -> Subscription {
    let of = || inbox.clone();
    let (courses, students, completed) = (of(), of(), of());
    let (created, granted, allocated) = (of(), of(), of());
    Subscription::new(group)
        .on::<Occurred<CourseChanged>, _, _>(move |event| copy_course(courses.clone(), event))
        .on::<Occurred<StudentChanged>, _, _>(move |event| register(students.clone(), event))
        .on::<Occurred<CourseCompleted>, _, _>(move |event| complete(completed.clone(), event))
        .on::<Occurred<PurchaseCreated>, _, _>(move |event| {
            let (student, course) = (event.event().data.student_id, event.event().data.course_id);
            progress(created.clone(), event, student, course, Progress::Purchased)
        })
        .on::<Occurred<CourseAccessGranted>, _, _>(move |event| {
            let (student, course) = (event.event().data.student_id, event.event().data.course_id);
            progress(granted.clone(), event, student, course, Progress::Enrolled)
        })
        .on::<Occurred<TrainerAllocated>, _, _>(move |event| {
            let (student, course) = (event.event().data.student_id, event.event().data.course_id);
            progress(
                allocated.clone(),
                event,
                student,
                course,
                Progress::Assigned,
            )
        })
}

async fn copy_course(
    inbox: Inbox,
    changed: Received<Occurred<CourseChanged>>,
) -> Result<(), Failure> {
    let event = &changed.event().data;
    let id = Uuid::try_parse(&event.course_id).map_err(Failure::reject)?;
    let (is_published, version) = (is(&event.snapshot, "status", "published"), event.version);
    let copied = inbox.process_once(changed.envelope(), |tx| async move {
        let stored = Courses::store(&tx, id, is_published, version).await;
        stored.map_err(Failure::retry)
    });
    copied.await.map(drop)
}

/// Whether a member of a snapshot has a value.
fn is(snapshot: &Value, name: &str, expected: impl Into<Value>) -> bool {
    snapshot.get(name) == Some(&expected.into())
}

/// Credits the bonus of a verified registration.
async fn register(
    inbox: Inbox,
    changed: Received<Occurred<StudentChanged>>,
) -> Result<(), Failure> {
    let event = &changed.event().data;
    let is_verified = |name: &str| is(&event.snapshot, name, true);
    if !(is_verified("isEmailVerified") || is_verified("isPhoneVerified")) {
        return Ok(());
    }
    let student = event.student_id;
    credit(
        inbox,
        changed.envelope(),
        student,
        ("registration", CoinKind::RegistrationBonus, student),
    )
    .await
}

/// Credits the coins of a completed course.
async fn complete(
    inbox: Inbox,
    completed: Received<Occurred<CourseCompleted>>,
) -> Result<(), Failure> {
    let event = &completed.event().data;
    let (student, course) = (event.student_id, event.course_id);
    credit(
        inbox,
        completed.envelope(),
        student,
        ("course_completion", CoinKind::CourseCompletion, course),
    )
    .await
}

async fn credit(
    inbox: Inbox,
    envelope: &seaworthy::messaging::Envelope,
    student: Uuid,
    (setting, kind, reference): (&str, CoinKind, Uuid),
) -> Result<(), Failure> {
    let credited = inbox.process_once(envelope, |tx| async move {
        let settings = Coins::settings(&tx).await.map_err(Failure::retry)?;
        let (amount, reference) = (settings.value(setting), reference.to_string());
        let posted = Coins::post(&tx, student, amount, kind, &reference).await;
        posted.map(drop).map_err(Failure::retry)
    });
    credited.await.map(drop)
}

async fn progress<E: Send + Sync>(
    inbox: Inbox,
    event: Received<E>,
    student: Uuid,
    course: Uuid,
    progress: Progress,
) -> Result<(), Failure> {
    let stored = inbox.process_once(event.envelope(), |tx| async move {
        let stored = PaymentRows::set_progress(&tx, student, course, progress).await;
        stored.map_err(Failure::retry)
    });
    stored.await.map(drop)
}
