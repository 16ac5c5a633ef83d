// Placeholder until the element is written.
export async function enhance() {}
