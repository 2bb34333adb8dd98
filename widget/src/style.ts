// The look. Custom properties (--onlabel-*) and parts are the interface for pages that embed the widget; the colours have
// a contrast of at least 4.5 to 1 on their grounds (WCAG 2.2, 1.4.3), borders of controls 3 to 1 (1.4.11).

const LIGHT = `--_bg:var(--onlabel-background,#fff);--_fg:var(--onlabel-text,#1b1f24);--_soft:var(--onlabel-muted,#57606a);
--_raise:var(--onlabel-surface,#f5f7f9);--_line:var(--onlabel-border,#d3d9e0);--_edge:var(--onlabel-control-border,#767e88);
--_accent:var(--onlabel-accent,#0b5cad);--_on:var(--onlabel-on-accent,#fff);--_with:var(--onlabel-companion,#8a5300);
--_alert:var(--onlabel-alert,#b3161b);--_alertbg:var(--onlabel-alert-background,#fdf0ef);--_ok:var(--onlabel-checked,#176338);
--_warnbg:var(--onlabel-preview-background,#fff6dd);--_warn:var(--onlabel-preview,#6b4700);color-scheme:light;`;

const DARK = `--_bg:var(--onlabel-background,#14181d);--_fg:var(--onlabel-text,#e7ebef);--_soft:var(--onlabel-muted,#a5b0bb);
--_raise:var(--onlabel-surface,#1d232a);--_line:var(--onlabel-border,#36404a);--_edge:var(--onlabel-control-border,#8a95a1);
--_accent:var(--onlabel-accent,#7db8f5);--_on:var(--onlabel-on-accent,#0b1a2a);--_with:var(--onlabel-companion,#e3b25f);
--_alert:var(--onlabel-alert,#ff9c95);--_alertbg:var(--onlabel-alert-background,#331c1c);--_ok:var(--onlabel-checked,#7fd1a0);
--_warnbg:var(--onlabel-preview-background,#332a12);--_warn:var(--onlabel-preview,#f0cf85);color-scheme:dark;`;

/** What an answer looks like: on the screen and on paper. */
export const ANSWER = `
*,*::before,*::after{box-sizing:border-box}
h2,h3,h4,p,ul,figure,dl,dd{margin:0;padding:0}
ul{list-style:none}
button,textarea,input{font:inherit;color:inherit}
.asked{font-size:1em;font-weight:600;overflow-wrap:anywhere;white-space:pre-wrap}
.outcome{font-weight:700;font-size:1.05em}
.grave .outcome,.flag{color:var(--_alert)}
.flag{font-weight:600}
.frame,.carried,.cite,.hint,.note{color:var(--_soft)}
.frame{white-space:pre-line}
.body{display:grid;gap:.75em;min-inline-size:0}
.passage{border-inline-start:.3em solid var(--_accent);padding-inline-start:.85em;display:grid;gap:.5em;min-inline-size:0;unicode-bidi:isolate}
.passage.companion{border-inline-start-color:var(--_with)}
.tag{font-size:.78em;font-weight:700;letter-spacing:.02em;color:var(--_accent)}
.companion .tag{color:var(--_with)}
.words{display:grid;gap:.7em;overflow-wrap:break-word;min-inline-size:0}
.group{display:grid;gap:.25em;min-inline-size:0}
.words h4{font-size:1em;font-weight:700;line-height:1.35}
.words h4:not(:last-child){font-size:.82em;font-weight:600;color:var(--_soft)}
.words ul{display:grid;gap:.3em}
.words li{display:grid;grid-template-columns:auto 1fr;gap:.55em}
.words li>div{min-inline-size:0;display:grid;gap:.3em}
.mark{min-inline-size:.7em}
sup,sub{line-height:0;font-size:.75em}
.notes{font-size:.85em;display:grid;gap:.2em}
.picture{font-style:italic;color:var(--_soft)}
.table{min-inline-size:0}
table{border-collapse:collapse;font-size:.9em;font-variant-numeric:tabular-nums;min-inline-size:100%}
th,td{border:1px solid var(--_line);padding:.4em .6em;text-align:start;vertical-align:top;min-inline-size:5.5em;overflow-wrap:break-word;background:var(--_bg)}
th{background:var(--_raise);font-weight:600}
.hint{display:none;font-size:.78em;padding-block-end:.3em}
.cite{font-size:.82em;line-height:1.45}
.cite p+p{margin-block-start:.15em}
.sources{display:grid;gap:.4em}
.preview{background:var(--_warnbg);color:var(--_warn);padding:.45em .75em;font-size:.85em;font-weight:600;border-radius:.35em}
.check{font-size:.82em}
.check .good{color:var(--_ok);font-weight:600}
.check .poor{color:var(--_warn);font-weight:600}
.check ul{display:grid;gap:.25em;padding-block-start:.4em;color:var(--_soft);overflow-wrap:anywhere}
code{font-family:ui-monospace,monospace;font-size:.95em}
`;

export const SCREEN = `
:host{${LIGHT}display:flex;flex-direction:column;block-size:var(--onlabel-height,min(46rem,100dvh));container-type:inline-size;
background:var(--_bg);color:var(--_fg);font:var(--onlabel-font,1rem/1.5 system-ui,sans-serif);border:1px solid var(--_line);
border-radius:var(--onlabel-radius,.75rem);overflow:hidden;text-align:start}
:host([hidden]),[hidden]{display:none!important}
@media (prefers-color-scheme:dark){:host(:not([theme=light])){${DARK}}}
:host([theme=dark]){${DARK}}
.head{display:flex;gap:.75em;align-items:center;padding:.6em 1em;border-block-end:1px solid var(--_line)}
.head h2{font-size:1.05em;flex:1;min-inline-size:0}
.log{flex:1;overflow-y:auto;padding:1em;display:flex;flex-direction:column;gap:1.5em;overscroll-behavior:contain;min-block-size:6em}
.log:empty{display:none}
.welcome{flex:1;padding:1em;color:var(--_soft);overflow-y:auto;display:grid;gap:.6em;align-content:start}
.turn{display:grid;gap:.9em;scroll-margin-block-start:1em;min-inline-size:0}
.asked{justify-self:end;max-inline-size:min(85%,40em);background:var(--_raise);border:1px solid var(--_line);padding:.5em .85em;border-radius:.9em .9em .2em .9em;font-weight:400}
.turn>.body{max-inline-size:56em}
.failed,.changed{border-inline-start:.3em solid var(--_alert);background:var(--_alertbg);padding:.65em .85em;display:grid;gap:.4em;border-radius:0 .4em .4em 0}
.changed strong,.failed strong{color:var(--_alert)}
.grave .outcome{background:var(--_alertbg);padding:.5em .75em;border-radius:.35em}
.choices{display:grid;gap:.45em}
.choices p{font-weight:600}
.choices ul{display:flex;flex-wrap:wrap;gap:.5em}
button{min-block-size:2.25em;padding:.3em .85em;border:1px solid var(--_edge);border-radius:.5em;background:var(--_bg);cursor:pointer;text-align:start}
button:hover{background:var(--_raise)}
button:disabled{opacity:.6;cursor:default}
.choices button{border-color:var(--_accent);color:var(--_accent);font-weight:600}
.send{background:var(--_accent);color:var(--_on);border-color:var(--_accent);font-weight:600;align-self:end;min-block-size:2.75em}
.send:hover{background:var(--_accent);filter:brightness(1.08)}
.tools{display:flex;flex-wrap:wrap;gap:.5em;align-items:center;font-size:.85em}
.feedback{display:flex;flex-wrap:wrap;gap:.5em;align-items:center}
.feedback .comment{flex:1 1 100%;display:grid;gap:.35em}
.feedback .comment button{justify-self:start}
button[aria-pressed=true]{border-color:var(--_accent);box-shadow:inset 0 0 0 1px var(--_accent);color:var(--_accent)}
summary{cursor:pointer;min-block-size:1.9em;display:list-item;padding-block:.2em}
.scroller{overflow-x:auto;max-inline-size:100%}
.wide .hint{display:block}
form.ask{display:grid;grid-template-columns:1fr auto;gap:.35em .6em;padding:.75em 1em;border-block-start:1px solid var(--_line);background:var(--_raise)}
form.ask label{grid-column:1/-1;font-size:.85em;font-weight:600}
textarea{inline-size:100%;resize:none;border:1px solid var(--_edge);border-radius:.5em;background:var(--_bg);padding:.55em .7em;min-block-size:2.75em;max-block-size:9em;field-sizing:content}
.keys{grid-column:1/-1;font-size:.78em;color:var(--_soft)}
:focus-visible{outline:3px solid var(--_accent);outline-offset:2px}
.log:focus-visible,.scroller:focus-visible{outline-offset:-3px}
.asked:focus:not(:focus-visible){outline:none}
.waiting{color:var(--_soft)}
.waiting::after{content:"";display:inline-block;inline-size:1.2em;animation:dots 1.2s steps(4) infinite;overflow:hidden;vertical-align:bottom;content:"…"}
@keyframes dots{from{inline-size:0}}
@media (prefers-reduced-motion:reduce){.waiting::after{animation:none}}
.quiet{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@container (max-width:30rem){.log,.welcome{padding:.75em}.asked{max-inline-size:95%}.passage{padding-inline-start:.6em}.keys{display:none}.head{padding:.5em .75em}form.ask{padding:.6em .75em}th,td{padding:.35em .45em}}
@media (forced-colors:active){.passage{border-inline-start-style:double}.send{border-width:2px}}
${ANSWER}`;

/** On paper: black on white, nothing cut off, a passage's mark kept. */
export const PAPER = `
:host{${LIGHT}display:block;color:#000;background:#fff;font:11pt/1.4 system-ui,sans-serif}
.sheet{display:grid;gap:1em}
.asked::before{content:"Question: ";font-weight:400}
.passage{break-inside:auto;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.words h4{break-after:avoid}
table{inline-size:100%;break-inside:auto}
tr{break-inside:avoid}
th,td{min-inline-size:0}
.preview{border:1px solid currentcolor}
.meta{font-size:.8em;color:#333;display:grid;gap:.15em;overflow-wrap:anywhere;border-block-start:1px solid #999;padding-block-start:.6em}
${ANSWER}`;

/** For the page around it while it prints: nothing but the sheet. */
export const PAGE = `
onlabel-chat-print{display:none}
@media print{body>:not(onlabel-chat-print){display:none!important}onlabel-chat-print{display:block}}`;

export function sheet(css: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}
