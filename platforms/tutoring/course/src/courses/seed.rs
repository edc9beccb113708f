use seaworthy::{data::chrono::Utc, prelude::*};

use super::Courses;
use crate::{
    domain::{NewQuestion, QUESTIONS, check_questions},
    store::{Course, NewSession, SESSIONS, catalogue, structure},
};

/// The number of legs of a robot in the sample questions.
const LEGS: usize = 4;

/// Returns the questions of a sample exam.
fn sample_questions() -> Vec<NewQuestion> {
    let question = |robots: usize| {
        let correct = robots % LEGS;
        NewQuestion {
            text: format!("How many legs do {robots} robots with {LEGS} legs each have?"),
            options: (0..LEGS)
                .map(|option| (robots * LEGS + option - correct).to_string())
                .collect(),
            correct_answer_index: u8::try_from(correct).unwrap_or_default(),
        }
    };
    (1..=QUESTIONS).map(question).collect()
}

impl Courses {
    /// Creates a published sample course in an empty catalogue.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn seed(&self) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                if catalogue::count(&tx).await? > 0 {
                    return Ok(());
                }
                let now = Utc::now();
                let course = Course {
                    id: Uuid::new_v4(),
                    title: "Robotics".to_owned(),
                    description: "Build and program a small robot.".to_owned(),
                    category: "Robotics".to_owned(),
                    difficulty: "beginner".to_owned(),
                    status: "published".to_owned(),
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                catalogue::insert(&tx, &course).await?;
                let phase = structure::add_phase(&tx, course.id, 1, "First robot").await?;
                for level in structure::levels(&tx, phase.id).await? {
                    for session_number in 1..=SESSIONS {
                        let session = NewSession {
                            session_number,
                            title: format!("Lesson {}.{session_number}", level.sequence),
                            description: String::new(),
                            video_key: None,
                            sheet_key: None,
                            quiz: Vec::new(),
                        };
                        structure::add_session(&tx, level.id, &session, None).await?;
                    }
                    let questions = json!(check_questions(sample_questions())?);
                    self.store_exam(&tx, level.id, &questions).await?;
                }
                self.record(&tx, "course.seed", None, &course).await
            })
            .await
    }
}
