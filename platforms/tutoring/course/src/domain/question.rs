use std::collections::{BTreeMap, BTreeSet};

use seaworthy::{core::is_storable, prelude::*};
use serde_json::{Value, json};
use tutoring_identity::Checks;

/// Maximum length of a question, in bytes. 30 of them fit into a request body.
const MAX_TEXT: usize = 500;
const MAX_OPTION: usize = 200;
/// The numbers of options that a question may have.
const OPTIONS: std::ops::RangeInclusive<usize> = 2..=6;

/// A question of an exam or a quiz, with its correct option.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question {
    id: Uuid,
    text: String,
    options: Vec<String>,
    correct_answer_index: u8,
}

/// A question to create.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewQuestion {
    pub(crate) text: String,
    pub(crate) options: Vec<String>,
    pub(crate) correct_answer_index: u8,
}

/// The answer of a student to a question.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    question_id: Uuid,
    selected_answer_index: u8,
}

/// The numbers of right and wrong answers. Questions without an answer are neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) right: u16,
    pub(crate) wrong: u16,
}

impl Question {
    /// Returns the question without its correct option.
    pub(crate) fn public(&self) -> Value {
        json!({ "id": self.id, "text": self.text, "options": self.options })
    }
}

/// Whether a text can be stored and is not blank.
pub(crate) fn is_text(text: &str, max: usize) -> bool {
    !text.trim().is_empty() && text.len() <= max && is_storable(text)
}

/// Checks new questions, and gives each an ID.
///
/// # Errors
/// `VALIDATION_ERROR` with each invalid question.
pub(crate) fn check_questions(questions: Vec<NewQuestion>) -> Result<Vec<Question>, Error> {
    let (mut checked, mut checks) = (Vec::new(), Checks::new());
    for (index, question) in questions.into_iter().enumerate() {
        let field = |name: &str| format!("questions[{index}].{name}");
        let problem = format!("must be 1 to {MAX_TEXT} bytes without U+0000");
        checks.require(field("text"), is_text(&question.text, MAX_TEXT), problem);
        let options = &question.options;
        let are_texts = options.iter().all(|option| is_text(option, MAX_OPTION));
        let problem = format!("must be 2 to 6 texts of 1 to {MAX_OPTION} bytes without U+0000");
        let are_options = OPTIONS.contains(&options.len()) && are_texts;
        checks.require(field("options"), are_options, problem);
        let is_index = usize::from(question.correct_answer_index) < options.len();
        let problem = "must be the index of an option, from 0";
        checks.require(field("correctAnswerIndex"), is_index, problem);
        checked.push(Question {
            id: Uuid::new_v4(),
            text: question.text,
            options: question.options,
            correct_answer_index: question.correct_answer_index,
        });
    }
    checks.finish()?;
    Ok(checked)
}

/// Compares answers with the correct options.
///
/// # Errors
/// `VALIDATION_ERROR` for an unknown question, a second answer to a question, and an unknown
/// option.
pub(crate) fn check_answers(questions: &[Question], answers: &[Answer]) -> Result<Checked, Error> {
    let known: BTreeMap<_, _> = questions
        .iter()
        .map(|question| (question.id, question))
        .collect();
    let (mut seen, mut checks) = (BTreeSet::new(), Checks::new());
    let (mut right, mut wrong) = (0, 0);
    for (index, answer) in answers.iter().enumerate() {
        let field = |name: &str| format!("answers[{index}].{name}");
        let Some(question) = known.get(&answer.question_id) else {
            checks.reject(field("questionId"), "is not a question of this list");
            continue;
        };
        let is_first = seen.insert(answer.question_id);
        checks.require(field("questionId"), is_first, "has an answer already");
        let is_index = usize::from(answer.selected_answer_index) < question.options.len();
        let problem = "is not the index of an option";
        checks.require(field("selectedAnswerIndex"), is_index, problem);
        match answer.selected_answer_index == question.correct_answer_index {
            true => right += 1,
            false => wrong += 1,
        }
    }
    checks.finish()?;
    Ok(Checked { right, wrong })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(correct: u8, options: usize) -> NewQuestion {
        NewQuestion {
            text: "How many wheels does the robot have?".to_owned(),
            options: (0..options).map(|number| number.to_string()).collect(),
            correct_answer_index: correct,
        }
    }

    #[test]
    fn public_questions_have_no_answer_sec_4() {
        let questions = check_questions(vec![question(1, 2)]).unwrap();
        let public = questions[0].public();
        let members: Vec<_> = public.as_object().unwrap().keys().collect();
        assert_eq!(members, ["id", "text", "options"]);
    }

    #[test]
    fn invalid_questions_are_named_api_3() {
        let wrong = vec![question(2, 2), question(0, 2), question(0, 1)];
        let error = check_questions(wrong).unwrap_err();
        let fields: Vec<_> = error.fields().iter().map(|broken| &*broken.field).collect();
        assert_eq!(
            fields,
            ["questions[0].correctAnswerIndex", "questions[2].options"]
        );
    }

    #[test]
    fn answers_are_compared_and_checked_api_3() {
        let questions = check_questions(vec![question(1, 3), question(0, 3), question(2, 3)]);
        let questions = questions.unwrap();
        let answer = |index: usize, selected: u8| Answer {
            question_id: questions[index].id,
            selected_answer_index: selected,
        };
        let checked = check_answers(&questions, &[answer(0, 1), answer(1, 2)]).unwrap();
        assert_eq!(checked, Checked { right: 1, wrong: 1 });
        let foreign = Answer {
            question_id: Uuid::from_u128(1),
            selected_answer_index: 0,
        };
        let broken = [answer(0, 1), answer(0, 1), answer(1, 3), foreign];
        let error = check_answers(&questions, &broken).unwrap_err();
        assert_eq!(error.fields().len(), 3);
    }
}
