const KINDS = {
  ids_and_classes_renamed, classes_hashed, attributes_stripped, duplicate_ids, label_reworded, translated, wrapped, moved,
  link_instead, button_instead, div_instead, in_iframe, in_shadow_root, look_alike, cookie_banner, delayed, step_split,
  removed,
};

// Changes the page in this order; `reads` says that the target's text is a key, which no mutation may touch.
function mutate(target, { console, reads, changes }) {
  const { state } = window[KEY];
  Object.assign(state, { truth: target, original: target, console, reads });
  for (const [kind, options] of changes) KINDS[kind](state, options);
}

const kit = watch(window, newState());
kit.mutate = mutate;
kit.read = (element) => said(kit.state, element);
