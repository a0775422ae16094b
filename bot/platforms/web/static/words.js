// What the page says, in Japanese and English: one table, the same keys in both.

export const WORDS = {
  ja: {
    skip: "入力欄へ",
    welcome: "何を読みましょうか",
    about: "日本語や英語の文章を送ると、感情・固有名・質問の答え・似た文・注意の図を、根拠といっしょに返します。例を押すとすぐ試せます。",
    private: "履歴はこのブラウザに保存されます。外部のサービスには何も送りません。",
    examples: "例",
    conversation: "やり取り",
    line: "メッセージ",
    placeholder: "/ でコマンド、続けて文章",
    hint: "Enter で送信・Shift+Enter で改行・↑ で前の入力・/ でコマンド・-- でオプション",
    suggestions: "候補",
    send: "送信",
    attach: "ファイルを添える（.txt .md .csv .tsv .pdf）",
    remove: "外す",
    drop: "ここに放すとファイルを添えます",
    help: "使い方",
    light: "明るい配色",
    dark: "暗い配色",
    system: "端末に合わせる",
    theme: "配色：いまは「{now}」。押すと切り替え",
    clear: "履歴を消す",
    sure: "このブラウザに残っているやり取りをすべて消しますか？",
    keep: "やめる",
    down: "いちばん下へ",
    otherSpeech: "English",
    speech: "Switch to English",
    connected: "接続しています",
    connecting: "つないでいます…",
    away: "つながっていません。自動でつなぎ直します…",
    you: "あなた",
    sending: "送っています…",
    waiting: "つながりしだい送ります…",
    reading: "読んでいます…",
    seconds: "{n} 秒",
    cancel: "やめる",
    cancelled: "取り消しました",
    lost: "答えが届きませんでした。もう一度送ってください。",
    retry: "もう一度",
    fileGone: "ファイルを添え直してください（再読み込みで外れました）。",
    copy: "コピー",
    copied: "コピーしました",
    notCopied: "コピーできません",
    note: "注",
    enlarge: "大きく見る",
    save: "画像を保存",
    close: "閉じる",
    zoom: "原寸と全体を切り替え",
    noPicture: "画像は残っていません。もう一度読むと出ます。",
    open: "開く",
    savePage: "ページを保存",
    noPage: "ページは残っていません。もう一度読むと出ます。",
    table: "表",
    matrix: "類似度の表",
    tooLarge: "{name} は大きすぎます（{size} MB）。{limit} MB までのファイルを添えてください。",
    oneFile: "添えられるファイルはひとつです。{name} を添えました。",
    needLine: "何をするか書いてください。例：/sentiment",
    trouble: "問題",
    good: "正しい答え",
    bad: "違う答え",
    keeping: "保存しています…",
    rightAnswer: "正しい答え（文中のことば）",
  },
  en: {
    skip: "To the message box",
    welcome: "What shall I read?",
    about: "Send a text in Japanese or English: you get its feeling, names, answers, nearest sentences or attention map, with the evidence. Press an example to try.",
    private: "The history is kept in this browser. Nothing goes to any outside service.",
    examples: "Examples",
    conversation: "Conversation",
    line: "Message",
    placeholder: "/ for commands, then a text",
    hint: "Enter sends · Shift+Enter breaks the line · ↑ recalls · / for commands · -- for options",
    suggestions: "Suggestions",
    send: "Send",
    attach: "Attach a file (.txt .md .csv .tsv .pdf)",
    remove: "Remove",
    drop: "Drop it here to attach the file",
    help: "Help",
    light: "light",
    dark: "dark",
    system: "as the system",
    theme: "Colours: now {now}. Press to change",
    clear: "Clear history",
    sure: "Clear the whole conversation that is kept in this browser?",
    keep: "Keep it",
    down: "To the latest",
    otherSpeech: "日本語",
    speech: "日本語に切り替え",
    connected: "Connected",
    connecting: "Connecting…",
    away: "Not connected. Reconnecting by itself…",
    you: "You",
    sending: "Sending…",
    waiting: "Will be sent once connected…",
    reading: "Reading…",
    seconds: "{n} s",
    cancel: "Cancel",
    cancelled: "Cancelled",
    lost: "The answer did not arrive. Please send it again.",
    retry: "Try again",
    fileGone: "Attach the file again (reloading the page let go of it).",
    copy: "Copy",
    copied: "Copied",
    notCopied: "Cannot copy",
    note: "Note",
    enlarge: "Open large",
    save: "Save picture",
    close: "Close",
    zoom: "Switch between full size and whole picture",
    noPicture: "The picture is not kept any more. Reading again brings it back.",
    open: "Open",
    savePage: "Save page",
    noPage: "The page is not kept any more. Reading again brings it back.",
    table: "Table",
    matrix: "Similarity table",
    tooLarge: "{name} is too large ({size} MB). Attach a file of {limit} MB at most.",
    oneFile: "Only one file can be attached. {name} was taken.",
    needLine: "Say what to do with it, for example /sentiment",
    trouble: "Problem",
    good: "Good answer",
    bad: "Wrong answer",
    keeping: "Keeping it…",
    rightAnswer: "The right answer, in words of the text",
  },
};

/** The language that the browser prefers. */
export function preferredSpeech(languages) {
  return (languages[0] ?? "en").toLowerCase().startsWith("ja") ? "ja" : "en";
}

/** Gives words in one language at a time, and fills them into the page. */
export class Words {
  /** `chosen` is the language that the person switched to, `preferred` what the browser says. */
  constructor({ chosen, preferred }) {
    this.speech = chosen ?? preferred;
    this.chosen = Boolean(chosen);
  }

  /** The other language, from now on. */
  change() {
    this.speech = this.speech === "ja" ? "en" : "ja";
    this.chosen = true;
  }

  /** The words for a key, with {places} filled. */
  say(key, places = {}) {
    return WORDS[this.speech][key].replace(/\{(\w+)\}/g, (_, name) => String(places[name]));
  }

  /** The sentence of a {ja, en} pair. */
  of(pair) {
    return pair[this.speech];
  }

  /** Fill in everything that index.html leaves open. */
  fill(root) {
    document.documentElement.lang = this.speech;
    for (const element of root.querySelectorAll("[data-word]")) element.textContent = this.say(element.dataset.word);
    for (const element of root.querySelectorAll("[data-label]")) {
      element.title = this.say(element.dataset.label);
      element.setAttribute("aria-label", element.title);
    }
    for (const element of root.querySelectorAll("[data-label-only]")) {
      element.setAttribute("aria-label", this.say(element.dataset.labelOnly));
    }
    for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = this.say(element.dataset.placeholder);
  }
}
