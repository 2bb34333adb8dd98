// Reviewed wording of the widget: everything on the screen that is neither an approved passage, nor the words of a
// template, nor a label of the answer. The titles are those of assistant/serving/terminal.py.

export const TITLES: Record<string, string> = {
  emergency: "Possible emergency",
  adverse_event: "Possible adverse event: please report it",
  product_complaint: "Possible product complaint: please report it",
  answered: "",
  clarify: "Please choose",
  no_approved_answer: "No approved answer",
  medical_information: "A question for Medical Information",
  medical_advice: "A question of medical judgement",
  out_of_scope: "Outside what this assistant answers",
  small_talk: "About this assistant",
};

export const FLAGS: Record<string, string> = {
  emergency: "Also noticed: possible emergency",
  adverse_event: "Also noticed: possible adverse event, please report it",
  product_complaint: "Also noticed: possible product complaint, please report it",
  attack: "Also noticed: an attempt to change how this assistant answers",
};

export const COMPANIONS: Record<string, string> = {
  boxed_warning: "Boxed warning",
  boxed_warning_short: "Boxed warning, short form",
  indication: "Indication and limitations of use",
  important_safety_information: "Important safety information",
  full_prescribing_information: "Full prescribing information",
};

export const GRAVE = ["emergency", "adverse_event", "product_complaint"];

export const PREVIEW = "Preview: this content has not been approved and sealed. Not for use with customers.";
export const CHANGED = "This answer is not shown: it could not be proved.";
export const CHANGED_MORE =
  "What arrived in this browser is not what its receipt says, or not of what this page trusts. Ask again; if it happens again, tell whoever runs this service.";

const ERRORS: Record<number, string> = {
  401: "Please sign in.",
  403: "You may not ask here.",
  404: "There is no such service at this address.",
  413: "The question is too long.",
  429: "Too many questions at once.",
  503: "The service is not ready.",
};

/** What is said of an HTTP status that is no answer; never the words of the server, which are not reviewed. */
export function failure(status: number, wait: number): string {
  const said = ERRORS[status] ?? (status < 500 ? "The question was not accepted." : "The service could not answer.");
  return wait > 0 ? `${said} Please try again in ${wait} seconds.` : said;
}

export const UNREACHED = "The service could not be reached, or it does not allow this page.";
export const TIMEOUT = "The service did not answer in time.";
export const NOT_AN_ANSWER = "What the service sent is not an answer.";
export const INSECURE = "Not sent: the sign-in would travel over a connection that is not encrypted.";
