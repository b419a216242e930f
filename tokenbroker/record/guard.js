// Playwright's recorder puts functions into the page's own world, and one of them presses whatever it is asked to as a
// person would: it would let a page press "Finish" in the panel. It is taken away before the page's first script, and
// so is what turns the recorder off; what is left tells of an act, which counts only if the listener vouches for it.
(() => {
  const BINDING = "__playwright__binding__";
  const raw = globalThis[BINDING];
  const controller = globalThis.__playwright__binding__controller__;
  if (typeof raw !== "function" || !controller) return;
  const parse = JSON.parse;
  const apply = Reflect.apply;
  controller._global = {
    [BINDING](payload) {
      const text = `${payload}`;
      const { name } = parse(text);
      if (name === "__pw_recorderState" || name === "__pw_recorderRecordAction") apply(raw, undefined, [text]);
    },
  };
  delete globalThis[BINDING];
  for (const name of ["PerformAction", "SetMode", "SetOverlayState", "ElementPicked"]) delete globalThis[`__pw_recorder${name}`];
  delete globalThis.__pw_resume;
})();
